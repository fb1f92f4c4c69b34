import ClusterModel
import Execution
import Synchronization
import TestSupport
import Testing

@testable import KVMBalanceCommands
@testable import Operations

/// Which entries of the register bind a run that goes on.
struct MaintenanceGateTests {
    private let time = Timestamp(seconds: 1_700_000_000)

    private func entry(_ host: HostName, by run: Int64? = nil, at seconds: Int64 = 0)
        -> MaintenanceEntry
    {
        MaintenanceEntry(
            host: host, since: time.advanced(byMilliseconds: seconds * 1000),
            run: run.map { RunID($0) })
    }

    private func state(_ goal: RunGoal) -> RunState {
        let plan = MigrationPlan.ofOneStep
        var state = RunState(plan: plan)
        state.apply(.taken(process: 1, goal: goal), at: time)
        return state
    }

    @Test func aHostThatIsClosedMeanwhileGetsNothing() async throws {
        let register = Register()
        let gate = try await MaintenanceGate(RunID(1), state(.forward), register)
        #expect(try await gate.closure(of: "host2") == nil)
        register.entries.withLock { $0 = [entry("host2")] }
        let words = try #require(try await gate.closure(of: "host2"))
        #expect(words.contains("host2 is in maintenance"))
        #expect(try await gate.closure(of: "host3") == nil)
        // By whomever.
        register.entries.withLock { $0 = [entry("host2", by: 7)] }
        #expect(try await gate.closure(of: "host2")?.contains("by run 7") == true)
    }

    @Test func aRollbackFillsTheHostThatItsRunKeepsEmpty() async throws {
        let register = Register()
        register.entries.withLock { $0 = [entry("host1", by: 1), entry("host2")] }
        let gate = try await MaintenanceGate(RunID(1), state(.rollback), register)
        #expect(try await gate.closure(of: "host1") == nil)
        // host2 is none of the hosts that it was to empty.
        #expect(try await gate.closure(of: "host2") != nil)
    }

    @Test func aRollbackBringsAMovedGuestBackToAHostInMaintenance() async throws {
        let register = Register()
        register.entries.withLock { $0 = [entry("host1"), entry("host3")] }
        var plan = MigrationPlan.ofOneStep
        (plan.kind, plan.hosts) = (.move, [])
        plan.wishes.moves = [NamedDomain("id-1", name: "vm1", host: "host1")]
        var state = RunState(plan: plan)
        state.apply(.taken(process: 1, goal: .rollback), at: time)
        let gate = try await MaintenanceGate(RunID(1), state, register)
        #expect(try await gate.closure(of: "host1") == nil)
        #expect(try await gate.closure(of: "host3") != nil)
    }

    @Test func aRollbackFillsOneThatWasClosedBeforeItAndNoneThatIsClosedSince() async throws {
        let register = Register()
        register.entries.withLock { $0 = [entry("host1")] }
        let gate = try await MaintenanceGate(RunID(1), state(.rollback), register)
        #expect(try await gate.closure(of: "host1") == nil)
        register.entries.withLock { $0 = [entry("host1", at: 60)] }
        #expect(try await gate.closure(of: "host1") != nil)
    }

    private final class Register: MaintenanceRegister {
        let entries = Mutex<[MaintenanceEntry]>([])
        func maintenance() -> [MaintenanceEntry] { entries.withLock(\.self) }
        func setMaintenance(_: MaintenanceEntry) {}
        func clearMaintenance(of _: HostName) {}
    }
}
