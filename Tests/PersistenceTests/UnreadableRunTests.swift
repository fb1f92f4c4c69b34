import ClusterModel
import Execution
import Foundation
import GRDB
import Persistence
import Testing

/// A record that cannot be read hinders its own run and no other.
struct UnreadableRunTests {
    private let time = Timestamp(seconds: 1)

    private func spoil(_ scratch: Scratch, _ run: RunID, version: Int = 1) async throws {
        let other = try DatabaseQueue(path: scratch.file("journal.sqlite"))
        try await other.write { database in
            try database.execute(
                sql: """
                    INSERT INTO record SELECT run, max(sequence) + 1, 0, ?, '{"dreamt":{}}'
                    FROM record WHERE run = ?
                    """, arguments: [version, run.rawValue])
        }
    }

    @Test(arguments: [1, JournalRecord.currentVersion + 1])
    func otherRunsGoOn(version: Int) async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let plan = JournalStoreTests.plan()
        let (old, open, done) = (
            try await journal.open(plan, at: time, process: 1),
            try await journal.open(plan, at: time, process: 1),
            try await journal.open(plan, at: time, process: 1)
        )
        try await journal.append(.ended(RunOutcome(.done)), to: done, at: time)
        try await spoil(scratch, old, version: version)
        #expect(try await journal.openRuns().map(\.run) == [open])
        #expect(try await journal.unfinishedRuns().map(\.run) == [open])
        #expect(try await journal.summaries().map(\.run) == [done, open])
        let found = try await journal.unreadableRuns()
        #expect(found.map(\.run) == [old])
        #expect(found.first?.hosts == plan.hosts && found.first?.isOver == false)
        #expect(found.first?.reason.contains("record 3") == true)
        await #expect(throws: StoreError.self) { try await journal.state(of: old) }
    }

    @Test func oneThatEndedIsOver() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let run = try await journal.open(JournalStoreTests.plan(), at: time, process: 1)
        try await spoil(scratch, run)
        try await journal.append(.ended(RunOutcome(.halted, reason: "x")), to: run, at: time)
        #expect(try await journal.unreadableRuns().map(\.isOver) == [false])
        try await journal.append(.ended(RunOutcome(.failed, reason: "x")), to: run, at: time)
        #expect(try await journal.unreadableRuns().map(\.isOver) == [true])
    }

    @Test func aDatabaseKnowsItselfAgain() async throws {
        let (one, two) = (try Scratch(), try Scratch())
        defer { for scratch in [one, two] { scratch.remove() } }
        let journal = try JournalStore(directory: one.path)
        let identity = try await journal.identity()
        #expect(try await journal.identity() == identity)
        try journal.close()
        #expect(try await JournalStore(directory: one.path).identity() == identity)
        #expect(try await JournalStore(directory: two.path).identity() != identity)
    }
}
