import ClusterModel
import Execution
import Foundation
import GRDB
import Telemetry
import Testing

@testable import Persistence

/// Files that cannot be used give one clear error each, and are left as they are.
struct RefusalTests {
    private func failure(_ body: () throws -> Void) -> StoreError? {
        do {
            try body()
            return nil
        } catch {
            return error as? StoreError
        }
    }

    private func openBoth(_ scratch: Scratch) -> [StoreError?] {
        [
            failure { _ = try MetricsStore(directory: scratch.path) },
            failure { _ = try JournalStore(directory: scratch.path) },
        ]
    }

    private static let files = [MetricsStore.fileName, JournalStore.fileName]

    @Test func whatIsNoDatabase() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let text = Data(String(repeating: "not a database at all\n", count: 400).utf8)
        for file in Self.files { try text.write(to: URL(fileURLWithPath: scratch.file(file))) }
        for error in openBoth(scratch) {
            #expect(error?.kind == .foreign)
            #expect(error?.file.hasPrefix(scratch.path) == true)
            #expect(error?.remedy != nil)
        }
        for file in Self.files {
            #expect(FileManager.default.contents(atPath: scratch.file(file)) == text)
        }
    }

    @Test func whyAFolderCannotBeMadeIsFoundByLooking() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        func changed() throws -> Date? {
            try FileManager.default.attributesOfItem(atPath: scratch.path)[.modificationDate]
                as? Date
        }
        let before = try changed()
        // The kernel's clock for files ticks every few milliseconds.
        usleep(50_000)
        let missing = scratch.file("a")
        #expect(DirectoryFailure.reason(missing) == "it could not be made (\(missing))")
        #expect(try changed() == before, "a folder was made")
        try "".write(toFile: scratch.file("file"), atomically: true, encoding: .utf8)
        let inside = scratch.file("file/b/c")
        #expect(DirectoryFailure.reason(inside) == "Not a directory (\(scratch.file("file/b")))")
    }

    @Test func anEmptyFileIsANewDatabase() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for file in Self.files { try Data().write(to: URL(fileURLWithPath: scratch.file(file))) }
        #expect(openBoth(scratch).allSatisfy { $0 == nil })
    }

    @Test func anotherProgramsDatabase() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for file in Self.files {
            try await DatabaseQueue(path: scratch.file(file)).write {
                try $0.execute(sql: "CREATE TABLE bookmark (id INTEGER)")
            }
        }
        for error in openBoth(scratch) { #expect(error?.kind == .foreign) }
        // Not even its journal mode was changed.
        for file in Self.files {
            let header = FileManager.default.contents(atPath: scratch.file(file))
            #expect(header?[18] == 1)
        }
    }

    @Test func journalAndMetricsAreNotMixedUp() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let other = try Scratch()
        defer { other.remove() }
        try JournalStore(directory: other.path).close()
        try FileManager.default.copyItem(
            atPath: other.file("journal.sqlite"), toPath: scratch.file("metrics.sqlite"))
        #expect(failure { _ = try MetricsStore(directory: scratch.path) }?.kind == .foreign)
    }

    @Test func whatANewerVersionWrote() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try MetricsStore(directory: scratch.path).close()
        try JournalStore(directory: scratch.path).close()
        for file in Self.files {
            try await DatabaseQueue(path: scratch.file(file)).write {
                try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('2 of the future')")
            }
        }
        for error in openBoth(scratch) {
            #expect(error?.kind == .newer)
            #expect(error?.message.contains("newer kvmbalance") == true)
        }
    }

    @Test func aDamagedFile() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        for _ in 0..<50 {
            _ = try await journal.open(
                JournalStoreTests.plan(), at: Timestamp(seconds: 1), process: 1)
        }
        try journal.close()
        let file = scratch.file("journal.sqlite")
        let size = try #require(FileManager.default.contents(atPath: file)?.count)
        let handle = try #require(FileHandle(forWritingAtPath: file))
        try handle.seek(toOffset: 4096)
        try handle.write(contentsOf: Data(repeating: 0xA5, count: size - 4096))
        try handle.close()
        let error = failure { _ = try JournalStore(directory: scratch.path) }
        #expect(error?.kind == .corrupt)
        #expect(error?.message.contains("damaged") == true)
    }

    @Test func aDamagedMetricsFile() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        for tick in 0..<20 {
            try await store.store([.sample(Samples.host(1, domains: 50, tick: tick))])
        }
        try store.close()
        try await DatabaseQueue(path: scratch.file("metrics.sqlite")).writeWithoutTransaction {
            _ = try $0.checkpoint(.truncate)
        }
        let handle = try #require(FileHandle(forWritingAtPath: scratch.file("metrics.sqlite")))
        try handle.truncate(atOffset: 12 * 4096)
        try handle.close()
        let again = failure {
            let damaged = try MetricsStore(directory: scratch.path)
            try damaged.forEachSample(
                from: Samples.start, to: Samples.start.advanced(byMilliseconds: 1_000_000)
            ) { _ in }
        }
        #expect(again?.kind == .corrupt)
    }

    @Test func aDirectoryThatCanNotBeWritten() throws {
        // Not even root makes files here.
        for error in [
            failure { _ = try MetricsStore(directory: "/proc/self") },
            failure { _ = try JournalStore(directory: "/proc/self") },
            failure { _ = try JournalStore(directory: "/proc/self/kvmbalance") },
            failure { _ = try FleetLock.acquire(directory: "/proc/self", purpose: "x") },
        ] {
            #expect(error?.kind == .notWritable)
            #expect(error?.remedy != nil)
        }
    }

    @Test func aDirectoryThatIsAFile() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try Data("x".utf8).write(to: URL(fileURLWithPath: scratch.file("file")))
        let error = failure { _ = try MetricsStore(directory: scratch.file("file")) }
        #expect(error?.kind == .notWritable)
    }

    @Test func aFullJournalKeepsWhatItHas() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path, maximumPages: 24)
        let run = try await journal.open(
            JournalStoreTests.plan(), at: Timestamp(seconds: 1), process: 1)
        var written = 2
        var error: StoreError?
        while error == nil, written < 1000 {
            do {
                try await journal.append(
                    .stopping(reason: String(repeating: "x", count: 2000)), to: run,
                    at: Timestamp(seconds: 2))
                written += 1
            } catch let found as StoreError { error = found }
        }
        #expect(error?.kind == .diskFull)
        #expect(error?.file == scratch.file("journal.sqlite"))
        #expect(try await journal.records(of: run).count == written)
    }

    /// A disk that is really full: a small file system of its own, for those who may mount one.
    @Test(.enabled(if: SmallDisk.isPossible)) func aFullDisk() async throws {
        let disk = try SmallDisk(kibibytes: 1024)
        defer { disk.remove() }
        let store = try MetricsStore(directory: disk.path)
        let journal = try JournalStore(directory: disk.path)
        let run = try await journal.open(
            JournalStoreTests.plan(), at: Timestamp(seconds: 1), process: 1)
        var ticks = 0
        var error: StoreError?
        while error == nil, ticks < 1000 {
            do {
                try await store.store([.sample(Samples.host(1, domains: 100, tick: ticks))])
                ticks += 1
            } catch let found as StoreError { error = found }
        }
        #expect(error?.kind == .diskFull)
        #expect(error?.remedy?.contains("free some space") == true)
        var journalError: StoreError?
        while journalError == nil {
            do {
                try await journal.append(
                    .stopping(reason: String(repeating: "x", count: 4000)), to: run,
                    at: Timestamp(seconds: 2))
            } catch let found as StoreError { journalError = found }
        }
        #expect(journalError?.kind == .diskFull)
        let kept = try await store.samples(
            from: Samples.start.advanced(byMilliseconds: -1),
            to: Samples.start.advanced(byMilliseconds: 1_000_000_000))
        #expect(kept.count == ticks)
        #expect(try await journal.records(of: run).count >= 2)
        try store.close()
        try journal.close()
    }

    /// Then not even the index of the WAL can be made, which SQLite calls an I/O error.
    @Test(.enabled(if: SmallDisk.isPossible)) func aDiskThatWasFullBefore() async throws {
        let disk = try SmallDisk(kibibytes: 1024)
        defer { disk.remove() }
        try JournalStore(directory: disk.path).close()
        let filler = try #require(fopen(disk.path + "/filler", "w"))
        setvbuf(filler, nil, _IONBF, 0)
        while fputc(1, filler) != EOF {}
        fclose(filler)
        let error = failure { _ = try JournalStore(directory: disk.path) }
        #expect(error?.kind == .diskFull)
        #expect(error?.remedy?.contains("free some space") == true)
    }

    /// Takes the five seconds that a lock is waited for.
    @Test func aLockedDatabase() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(
            path: scratch.file("metrics.sqlite"), configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let error = await #expect(throws: StoreError.self) {
            try await store.store([.sample(Samples.host(1, domains: 1, tick: 0))])
        }
        #expect(error?.kind == .locked)
        #expect(try await store.contacts().isEmpty)
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        try await store.store([.sample(Samples.host(1, domains: 1, tick: 0))])
        #expect(try await store.contacts().count == 1)
    }

    @Test func errorsReadWell() {
        let error = StoreError(
            kind: .diskFull, file: "/db/metrics.sqlite", operation: "store samples in",
            message: "the disk is full", remedy: "free some space there")
        #expect(
            "\(error)"
                == "store samples in /db/metrics.sqlite: the disk is full."
                + " Maybe free some space there")
    }
}
