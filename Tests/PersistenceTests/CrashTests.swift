import ClusterModel
import Execution
import Foundation
import GRDB
import Glibc
import Persistence
import Telemetry
import Testing

/// Writers that die with SIGKILL in the midst of their work.
struct CrashTests {
    /// The child writes each number to a file after `append` returned; every one of them must be in
    /// the journal afterwards, and no hole before it.
    @Test func whatAppendReturnedFromSurvivesSIGKILL() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let path = scratch.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let journal = try JournalStore(directory: path)
            let run = try await journal.open(
                JournalStoreTests.plan(), at: Timestamp(seconds: 1), process: 1)
            let acknowledged = open(path + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o644)
            Thread.detachNewThread {
                usleep(60_000)
                kill(getpid(), SIGKILL)
            }
            while true {
                try await journal.append(.stopping(reason: "x"), to: run, at: Timestamp(seconds: 2))
                write(acknowledged, "x", 1)
            }
        }
        let journal = try JournalStore(directory: path)
        let records = try await journal.records(of: 1)
        let acknowledged = FileManager.default.contents(atPath: path + "/acknowledged")?.count ?? 0
        #expect(acknowledged > 0)
        // The last append may have been committed without having returned.
        #expect([acknowledged + 2, acknowledged + 3].contains(records.count))
    }

    @Test func aTornBatchOfSamplesLeavesNothingHalf() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let path = scratch.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let store = try MetricsStore(directory: path)
            try await store.store([.sample(Samples.host(1, domains: 100, tick: 0))])
            Thread.detachNewThread {
                usleep(80_000)
                kill(getpid(), SIGKILL)
            }
            for tick in 1... {
                try await store.store([.sample(Samples.host(1, domains: 100, tick: tick))])
            }
        }
        let store = try MetricsStore(directory: path)
        let samples = try await store.samples(
            from: Samples.start.advanced(byMilliseconds: -1),
            to: Samples.start.advanced(byMilliseconds: 1_000_000_000))
        #expect(!samples.isEmpty)
        for (tick, sample) in samples.enumerated() {
            #expect(sample == Samples.host(1, domains: 100, tick: tick))
        }
    }

    @Test func theJournalSyncsAtEveryCommit() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        #expect(try await journal.durability() == "wal, synchronous 2")
        let header = FileManager.default.contents(atPath: scratch.file("journal.sqlite"))
        #expect(header?[18] == 2)
    }

    @Test func twoProcessesDoNotShareTheFleet() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let path = scratch.path
        guard case .acquired(let lock) = try FleetLock.acquire(directory: path, purpose: "drain h1")
        else {
            Issue.record("nobody else can have it")
            return
        }
        try lock.describe("run 5:\ndrain h1", run: RunID(5))
        let me = getpid()
        await #expect(processExitsWith: .exitCode(75)) {
            [path = path as String, me = me as Int32] in
            guard case .held(let holder) = try FleetLock.acquire(directory: path, purpose: "mine")
            else { exit(1) }
            guard holder.process == me, holder.purpose == "run 5: drain h1", holder.run == RunID(5),
                holder.description == "process \(me) (run 5: drain h1)"
            else { exit(2) }
            exit(75)
        }
        lock.release()
    }

    @Test func theLockGoesWithItsProcess() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let path = scratch.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            guard case .acquired(let lock) = try FleetLock.acquire(directory: path, purpose: "x")
            else { exit(1) }
            kill(getpid(), SIGKILL)
            lock.release()
        }
        guard case .acquired(let lock) = try FleetLock.acquire(directory: path, purpose: "y")
        else {
            Issue.record("the lock outlived its process")
            return
        }
        // Held within one process too, and free again after release.
        guard case .held(let holder) = try FleetLock.acquire(directory: path, purpose: "z") else {
            Issue.record("locked twice")
            return
        }
        #expect(holder.process == getpid())
        lock.release()
        guard case .acquired(let next) = try FleetLock.acquire(directory: path, purpose: "z")
        else {
            Issue.record("not released")
            return
        }
        next.release()
    }

    /// A child that was started meanwhile, and lives on, does not keep the lock.
    @Test func childrenDoNotInheritTheLock() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        guard
            case .acquired(let lock) = try FleetLock.acquire(
                directory: scratch.path, purpose: "x")
        else {
            Issue.record("nobody else can have it")
            return
        }
        let status = try await run("/usr/bin/flock", ["-n", lock.path, "true"])
        #expect(status == 1)
        // Every descriptor of the file is closed on exec, whoever starts the child.
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            .compactMap { Int32($0) }
            .filter {
                (try? FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/self/fd/\($0)")) == lock.path
            }
        #expect(open.count == 1)
        #expect(open.allSatisfy { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 })
        lock.release()
    }

    /// Not `waitUntilExit`: that runs a run loop, which a thread of Swift's pool may wait on for
    /// ever.
    private func run(_ program: String, _ arguments: [String]) async throws -> Int32 {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: program)
        child.arguments = arguments
        return try await withCheckedThrowingContinuation { continuation in
            child.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try child.run() } catch { continuation.resume(throwing: error) }
        }
    }
}
