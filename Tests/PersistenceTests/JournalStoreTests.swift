import ClusterModel
import Execution
import Foundation
import GRDB
import Persistence
import Testing

/// The journal: append only, in order, complete or refused.
struct JournalStoreTests {
    let time = Timestamp(seconds: 1_700_000_000)

    static func plan(_ hosts: [HostName] = ["host1"]) -> MigrationPlan {
        MigrationPlan(
            kind: .drain, hosts: hosts, outcome: .plan,
            origin: .init(digest: "d", observedAt: Timestamp(seconds: 1)),
            steps: [
                Step(
                    id: 1, domainName: "web/1",
                    move: Move(domain: "u1", source: "host1", target: "host2"),
                    estimate: StepEstimate(durationMilliseconds: 12_400))
            ], makespanMilliseconds: 12_400)
    }

    @Test func aRunBeginsWithTakenAndPlanned() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let run = try await journal.open(Self.plan(), at: time, process: 42)
        #expect(run == 1)
        try await journal.append(
            .intent(1, attempt: 1, persistent: true, autostart: false), to: run,
            at: time.advanced(byMilliseconds: 1))
        let records = try await journal.records(of: run)
        #expect(
            records == [
                JournalRecord(sequence: 1, at: time, event: .taken(process: 42, goal: .forward)),
                JournalRecord(
                    sequence: 2, at: time, event: .planned(Self.plan(), goal: .forward)),
                JournalRecord(
                    sequence: 3, at: time.advanced(byMilliseconds: 1),
                    event: .intent(1, attempt: 1, persistent: true, autostart: false)),
            ])
        #expect(try await journal.plan(of: run) == Self.plan())
    }

    @Test func runsAreListedNewestFirst() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let first = try await journal.open(Self.plan(["a", "b"]), at: time, process: 1)
        let second = try await journal.open(Self.plan(), at: time, process: 1)
        let late = time.advanced(byMilliseconds: 9)
        try await journal.append(.ended(RunOutcome(.done)), to: first, at: late)
        #expect(try await journal.runs() == [second, first])
        let summaries = try await journal.summaries()
        #expect(summaries.map(\.run) == [second, first])
        #expect(summaries.map(\.outcome) == [nil, RunOutcome(.done)])
        #expect(summaries.last?.hosts == ["a", "b"])
        #expect(summaries.last?.startedAt == time)
        #expect(summaries.last?.endedAt == late)
    }

    @Test func anUnknownRunIsAnError() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let error = await #expect(throws: StoreError.self) { try await journal.records(of: 7) }
        #expect(error?.kind == .missing)
        await #expect(throws: StoreError.self) {
            try await journal.append(.stopping(reason: "x"), to: 7, at: time)
        }
    }

    @Test func everyEventComesBackInTheBytesItHasHadSinceVersion1() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let run = try await journal.open(Self.plan(), at: time, process: 1)
        for (event, _) in Self.goldens { try await journal.append(event, to: run, at: time) }
        #expect(
            try await journal.records(of: run).dropFirst(2).map(\.event) == Self.goldens.map(\.0))
        let texts = try await DatabaseQueue(path: scratch.file("journal.sqlite")).read {
            try String.fetchAll($0, sql: "SELECT event FROM record WHERE sequence > 2")
        }
        #expect(texts == Self.goldens.map(\.1))
    }

    /// Changing one of these means that old journals cannot be read: raise the version instead.
    static let goldens: [(JournalEvent, String)] = [
        (.taken(process: 7, goal: .rollback), #"{"taken":{"goal":"rollback","process":7}}"#),
        (
            .intent(3, attempt: 2, persistent: true, autostart: false),
            #"{"intent":{"_0":3,"attempt":2,"autostart":false,"persistent":true}}"#
        ),
        (
            .attemptFailed(3, attempt: 2, error: "a/b"),
            #"{"attemptFailed":{"_0":3,"attempt":2,"error":"a/b"}}"#
        ),
        (
            .settling(3, .undefineSource), #"{"settling":{"_0":3,"_1":"undefine-source"}}"#
        ),
        (
            .arrived(3, MigrationStatistics(durationMilliseconds: 5), note: nil),
            #"{"arrived":{"_0":3,"_1":{"durationMilliseconds":5}}}"#
        ),
        (.skipped(3, reason: "r"), #"{"skipped":{"_0":3,"reason":"r"}}"#),
        (.failed(3, error: "e"), #"{"failed":{"_0":3,"error":"e"}}"#),
        (.stopping(reason: "r"), #"{"stopping":{"reason":"r"}}"#),
        (
            .ended(RunOutcome(.rolledBack, reason: "r")),
            #"{"ended":{"_0":{"reason":"r","state":"rolled-back"}}}"#
        ),
    ]

    @Test(arguments: [
        "UPDATE record SET event = '{}'", "DELETE FROM record",
        "DELETE FROM record WHERE sequence = 2",
        "UPDATE run SET kind = 'balance'", "DELETE FROM run",
        "INSERT OR REPLACE INTO record VALUES (1, 2, 0, 1, '{}')",
        "INSERT INTO record VALUES (1, 9, 0, 1, '{}')",
        "INSERT OR REPLACE INTO run VALUES (1, 0, 'drain', '[]')",
    ])
    func historyCanNotBeRewritten(sql: String) async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let run = try await journal.open(Self.plan(), at: time, process: 1)
        let before = try await journal.records(of: run)
        let other = try DatabaseQueue(path: scratch.file("journal.sqlite"))
        await #expect(throws: DatabaseError.self) {
            try await other.write { try $0.execute(sql: sql) }
        }
        #expect(try await journal.records(of: run) == before)
    }

    @Test func aNewerRecordIsRefused() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let run = try await journal.open(Self.plan(), at: time, process: 1)
        let other = try DatabaseQueue(path: scratch.file("journal.sqlite"))
        let newer = JournalRecord.currentVersion + 1
        try await other.write {
            try $0.execute(
                sql: "INSERT INTO record VALUES (1, 3, 0, ?, '{\"dreamt\":{}}')", arguments: [newer]
            )
        }
        let error = await #expect(throws: StoreError.self) { try await journal.records(of: run) }
        #expect(error?.kind == .newer)
        #expect(error?.message.contains("record 3 has version \(newer)") == true)
        // The list goes on without it.
        #expect(try await journal.summaries().isEmpty)
        #expect(try await journal.unreadableRuns().map(\.run) == [run])
    }

    @Test func anUnreadableRecordIsNeverSkipped() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let run = try await journal.open(Self.plan(), at: time, process: 1)
        let other = try DatabaseQueue(path: scratch.file("journal.sqlite"))
        try await other.write {
            try $0.execute(sql: "INSERT INTO record VALUES (1, 3, 0, 1, '{\"intent\":{}}')")
        }
        try await journal.append(.stopping(reason: "x"), to: run, at: time)
        let error = await #expect(throws: StoreError.self) { try await journal.records(of: run) }
        #expect(error?.kind == .corrupt)
        #expect(error?.message.contains("record 3 cannot be read") == true)
        #expect(error?.remedy != nil)
    }

    @Test func aCancelledTaskStillWritesItsOutcome() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let run = try await journal.open(Self.plan(), at: time, process: 1)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await journal.append(.stopping(reason: "interrupted"), to: run, at: time)
        }
        try await task.value
        #expect(try await journal.records(of: run).count == 3)
    }

    @Test func twoWritersNeverShareANumber() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journals = try [
            JournalStore(directory: scratch.path), JournalStore(directory: scratch.path),
        ]
        let run = try await journals[0].open(Self.plan(), at: time, process: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<20 {
                group.addTask {
                    try await journals[index % 2].append(
                        .stopping(reason: "\(index)"), to: run, at: self.time)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await journals[0].records(of: run).map(\.sequence) == Array(1...22))
    }

    @Test func hostsInMaintenanceAreKeptAndCleared() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let run = try await journal.open(Self.plan(), at: time, process: 1)
        try await journal.setMaintenance(MaintenanceEntry(host: "b", since: time, run: nil))
        try await journal.setMaintenance(MaintenanceEntry(host: "a", since: time, run: nil))
        try await journal.setMaintenance(MaintenanceEntry(host: "b", since: time, run: run))
        let again = try JournalStore(directory: scratch.path)
        #expect(
            try await again.maintenance() == [
                MaintenanceEntry(host: "a", since: time, run: nil),
                MaintenanceEntry(host: "b", since: time, run: run),
            ])
        try await again.clearMaintenance(of: "a")
        try await again.clearMaintenance(of: "never there")
        #expect(try await journal.maintenance().map(\.host) == ["b"])
    }
}
