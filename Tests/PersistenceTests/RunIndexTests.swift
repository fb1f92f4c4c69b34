import ClusterModel
import Execution
import Foundation
import GRDB
import Persistence
import Testing

/// What is kept of ended runs: never anything that the records do not say.
struct RunIndexTests {
    private let time = Timestamp(seconds: 1_700_000_000)

    private func opened(_ journal: JournalStore, _ host: HostName = "host1") async throws -> RunID {
        let run = try await journal.open(JournalStoreTests.plan([host]), at: time, process: 1)
        try await journal.append(
            .intent(1, attempt: 1, persistent: true, autostart: false), to: run, at: time)
        return run
    }

    private func end(
        _ run: RunID, _ journal: JournalStore, _ state: RunOutcome.State = .done
    ) async throws {
        try await journal.append(
            .arrived(1, MigrationStatistics(durationMilliseconds: 9), note: nil), to: run, at: time)
        try await journal.append(.ended(RunOutcome(state)), to: run, at: time)
    }

    private func kept(_ scratch: Scratch) async throws -> [Int64] {
        try await DatabaseQueue(path: scratch.file("journal.sqlite")).read {
            try Int64.fetchAll($0, sql: "SELECT run FROM summary ORDER BY run")
        }
    }

    @Test func onlyWhatHasEndedIsKept() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let first = try await opened(journal)
        let second = try await opened(journal)
        try await end(first, journal)
        #expect(try await journal.openRuns().map(\.run) == [second])
        #expect(try await kept(scratch) == [first.rawValue])
        let summaries = try await journal.summaries()
        #expect(summaries.map(\.run) == [second, first])
        for summary in summaries {
            let state = try await journal.state(of: summary.run)
            #expect(summary == RunSummary(summary.run, state))
        }
        #expect(summaries.map(\.moved) == [0, 1] && summaries.map(\.meant) == [1, 1])
    }

    @Test func whoeverTakesARunUpEndsItsSummary() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let run = try await opened(journal)
        try await end(run, journal, .halted)
        #expect(try await journal.openRuns().isEmpty)
        #expect(try await journal.unfinishedRuns().map(\.run) == [run])
        #expect(try await kept(scratch) == [1])
        #expect(try await journal.moves(of: [], takenFrom: ["host1"]).count == 1)
        try await journal.append(.taken(process: 2, goal: .forward), to: run, at: time)
        #expect(try await kept(scratch) == [])
        #expect(try await journal.moves(of: [], takenFrom: ["host1"]).isEmpty)
        #expect(try await journal.openRuns().map(\.run) == [run])
        try await journal.append(.ended(RunOutcome(.done)), to: run, at: time)
        #expect(try await journal.unfinishedRuns().isEmpty)
        #expect(try await journal.summaries().map(\.outcome) == [RunOutcome(.done)])
    }

    /// As it lies there after an update: with all its records, and without an index.
    @Test func aJournalOfAnEarlierVersionIsReadAsItIs() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        for index in 0..<150 {
            let run = try await opened(journal, HostName("host\(index % 3)"))
            if index != 77 { try await end(run, journal, index == 99 ? .halted : .done) }
        }
        let before = try await journal.summaries()
        try journal.close()
        let other = try DatabaseQueue(path: scratch.file("journal.sqlite"))
        try await other.write { database in
            try database.execute(
                sql: """
                    DROP TRIGGER summaryEndsWithTheNextRecord;
                    DROP TABLE summary; DROP TABLE displacement; DROP TABLE transfer;
                    DELETE FROM grdb_migrations
                    WHERE identifier LIKE '3 %' OR identifier LIKE '5 %';
                    """)
        }
        try other.close()
        let again = try JournalStore(directory: scratch.path)
        #expect(try await again.unfinishedRuns().map(\.run) == [78, 100])
        #expect(try await again.summaries() == before)
        #expect(try await kept(scratch).count == 149)
    }

    @Test func aSummaryThatCanNotBeReadNamesTheRemedy() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        try await end(try await opened(journal), journal)
        let summaries = try await journal.summaries()
        let other = try DatabaseQueue(path: scratch.file("journal.sqlite"))
        try await other.write { try $0.execute(sql: "UPDATE summary SET json = '{}'") }
        let error = await #expect(throws: StoreError.self) { try await journal.summaries() }
        #expect(error?.remedy?.contains("DELETE FROM summary") == true)
        try await other.write { try $0.execute(sql: "DELETE FROM summary") }
        #expect(try await journal.summaries() == summaries)
    }

    @Test func aLargeJournalIsCheckedWhenSomethingIsBegun() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        try await end(try await opened(journal), journal)
        try journal.verify()
        try journal.close()
        // Many pages, of which the last is torn.
        let other = try DatabaseQueue(path: scratch.file("journal.sqlite"))
        try await other.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE filling (content BLOB);
                    WITH RECURSIVE row(number) AS (
                        SELECT 1 UNION ALL SELECT number + 1 FROM row WHERE number < 6000)
                    INSERT INTO filling SELECT zeroblob(4000) FROM row;
                    """)
        }
        try other.close()
        let handle = try #require(FileHandle(forWritingAtPath: scratch.file("journal.sqlite")))
        let size = try handle.seekToEnd()
        try handle.seek(toOffset: size - 4096)
        try handle.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        try handle.close()
        let large = try JournalStore(directory: scratch.path)
        #expect(try await large.summaries().count == 1)
        let error = #expect(throws: StoreError.self) { try large.verify() }
        #expect(error?.kind == .corrupt)
    }
}
