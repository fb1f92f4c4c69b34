import ClusterModel
import Execution
import Foundation
import GRDB
import Testing

@testable import Persistence

/// Records of rolling reboots.
struct RebootStoreTests {
    private let request = RebootRequest(
        hosts: ["host1", "host2"], command: "ssh {host} reboot", bootCommand: nil,
        timeoutSeconds: 900, hours: DailyHours("22:00-06:00"), homecoming: .end,
        bestEffort: false,
        template: MigrationPlan(
            kind: .drain, hosts: ["host1"], outcome: .plan,
            origin: .init(digest: "", observedAt: Timestamp(seconds: 1))))
    private let time = Timestamp(seconds: 1_700_000_000)

    @Test func aRebootHasItsNumberAmongTheRunsAndIsNone() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let reboot = try await journal.openReboot(request, at: time, process: 7)
        let drain = try await journal.open(
            request.template, at: time, process: 7, for: reboot)
        #expect(reboot == 1 && drain == 2)
        #expect(try await journal.runs() == [2])
        #expect(try await journal.reboots() == [1])
        #expect(try await journal.openRuns().map(\.run) == [2])
        #expect(try await journal.unreadableRuns().isEmpty)
        let state = try await journal.rebootState(of: reboot)
        #expect(state.request == request && state.runs == [drain] && state.startedAt == time)
        #expect(try await journal.unfinishedReboots().map(\.run) == [1])
        try await journal.append(
            .ended(RunOutcome(.halted, reason: "look")), toReboot: reboot, at: time)
        #expect(try await journal.unfinishedReboots().map(\.state.outcome?.reason) == ["look"])
        try await journal.append(.taken(process: 8), toReboot: reboot, at: time)
        #expect(try await journal.unfinishedReboots().map(\.run) == [1])
        try await journal.append(
            .ended(RunOutcome(.failed, reason: "stopped")), toReboot: reboot, at: time)
        #expect(try await journal.unfinishedReboots().isEmpty)
    }

    @Test func oneThatCannotBeReadIsInTheWayUntilItIsGivenUp() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let reboot = try await journal.openReboot(request, at: time, process: 7)
        try await journal.queue.write { database in
            try database.execute(
                sql: "INSERT INTO rebootRecord VALUES (?, 3, 0, 1, '{\"dreamt\":{}}')",
                arguments: [reboot.rawValue])
        }
        await #expect(throws: StoreError.self) { try await journal.unfinishedReboots() }
        try await journal.append(
            .ended(RunOutcome(.failed, reason: "given up")), toReboot: reboot, at: time)
        #expect(try await journal.unfinishedReboots().isEmpty)
    }

    @Test func recordsAreAppendedAndNeverChanged() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let reboot = try await journal.openReboot(request, at: time, process: 7)
        for sql in [
            "UPDATE rebootRecord SET event = '{}'", "DELETE FROM rebootRecord",
            "INSERT OR REPLACE INTO rebootRecord VALUES (1, 1, 0, 1, '{}')",
            "INSERT INTO rebootRecord VALUES (1, 9, 0, 1, '{}')",
        ] {
            await #expect(throws: DatabaseError.self, "\(sql)") {
                try await journal.queue.write { try $0.execute(sql: sql) }
            }
        }
        #expect(try await journal.rebootRecords(of: reboot).count == 2)
    }
}
