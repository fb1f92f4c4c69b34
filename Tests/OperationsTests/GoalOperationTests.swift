import Actuation
import ClusterModel
import Execution
import Foundation
import HypervisorInterface
import Persistence
import PlacementPolicy
import Simulation
import Synchronization
import Testing

@testable import Operations

/// A goal reached without a command line: what a web page or a service would do.
struct GoalOperationTests {
    /// Remembers what it is told, a word an event.
    final class Listener: ProgressObserver {
        private let heard = Mutex<[String]>([])
        /// Whatever may be waited for is given up at once.
        let stopsWaiting = Mutex(false)
        var words: [String] { heard.withLock(\.self) }

        func observe(_ event: ProgressEvent) {
            let word =
                switch event {
                case .warning(let text): "warning: \(text)"
                case .measuring: "measuring"
                case .decided: "decided"
                case .waiting: "waiting"
                case .toldToAbort: "told to abort"
                case .toldToStop: "told to stop"
                case .runBegins: "begins"
                case .watchBegins: "watched"
                case .run(.recorded(.arrived)): "arrived"
                case .run: "run"
                case .runIsOver: "over"
                case .rebootBegins: "reboot begins"
                case .reboot(_, let state): "reboot: \(state.line(at: Timestamp(seconds: 0)))"
                case .rebootIsOver: "reboot over"
                case .waitBegins: "may wait"
                case .waitIsOver: "waits no more"
                case .note(let text): "note: \(text)"
                }
            heard.withLock { $0.append(word) }
            if case .waitBegins(let control) = event, stopsWaiting.withLock(\.self) {
                control.stop(because: "stopped by a test")
            }
        }
    }

    /// A simulated fleet of three hosts in memory, whose clock goes on by whatever is waited for.
    final class Ground {
        let listener = Listener()
        let observer: FleetObserver
        let policies: FleetPolicies
        let simulated: SimulatedFleet
        let jobs: OthersJobs
        private let folder = FileManager.default.temporaryDirectory
            .appending(path: "kvmbalance-operation-\(UUID().uuidString)")

        init() {
            let time = Clock()
            let names = (1...3).map { HostName("host\($0)") }
            let simulated = SimulatedFleet(
                world: SimulatedFleet.example(hosts: 3, domains: 6, seed: 7, now: time.now()),
                clock: time.now, sleep: time.sleep)
            self.simulated = simulated
            let jobs = OthersJobs(now: time.now)
            self.jobs = jobs
            let fleet = Fleet(hosts: names.map { FleetHost(name: $0, uri: "simulated:///\($0)") })
            var accesses: [HostName: HostAccess] = [:]
            for host in names {
                var connection = simulated.hostConnection(for: host)
                if let real = connection.inspector as? any HostInspector & StepInspector {
                    connection.inspector = OthersJobs.Inspector(real: real, jobs: jobs)
                }
                accesses[host] = HostAccess(
                    connection,
                    memoryProbe: simulated.probe(for: host))
            }
            observer = FleetObserver(
                hosts: FleetHosts(fleet, accesses), stores: Stores(directory: folder.path),
                clock: WorldClock(now: time.now, steady: time.now, sleep: time.sleep),
                progress: listener)
            policies = FleetPolicies(of: fleet, in: folder)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func operation() async throws -> GoalOperation {
            let choices = PlanningChoices(
                policy: nil, snapshot: nil, seed: 0, bestEffort: false, migration: { $0 })
            return GoalOperation(
                plans: try await PlanService(observer, policies, choices),
                runs: try RunService(observer, policies, CommandFlags()))
        }
    }

    final class Clock: Sendable {
        private let time = Mutex(Timestamp(seconds: 1_700_000_000))
        var now: @Sendable () -> Timestamp { { self.time.withLock(\.self) } }
        var sleep: @Sendable (Int64) async throws -> Void {
            { milliseconds in
                self.time.withLock { $0 = $0.advanced(byMilliseconds: milliseconds) }
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    @Test func aDrainTellsItsProgressAndReturnsHowItEnded() async throws {
        let ground = Ground()
        let result = try await ground.operation().carryOut(.drain(["host1"], bestEffort: false)) {
            #expect($0.outcome == .plan)
            return true
        }
        guard case .ended(let ending) = result else {
            Issue.record("it did not run: \(result)")
            return
        }
        #expect(ending.exit == .done && ending.report.state == "done", "\(ending.report)")
        #expect(ending.left == .inMaintenance(["host1"]))
        let words = ground.listener.words
        let begun = try #require(words.firstIndex(of: "begins"))
        #expect(words.last == "over")
        #expect(
            words[begun...].count { $0 == "arrived" } == ending.report.steps.count, "\(words)")
        #expect(
            try await ground.observer.hosts["host1"]?.connection.inspector.guests().isEmpty == true)
    }

    @Test func whatIsNotAgreedToIsNotDone() async throws {
        let ground = Ground()
        let operation = try await ground.operation()
        let result = try await operation.carryOut(.drain(["host1"], bestEffort: false)) { _ in false
        }
        guard case .declined = result else {
            Issue.record("it was done: \(result)")
            return
        }
        #expect(!ground.listener.words.contains("begins"))
        #expect(try await MaintenanceService(ground.observer).entries().isEmpty)
        #expect(try await ground.observer.stores.journal().runs().isEmpty)
    }
}
