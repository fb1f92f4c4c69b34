import ClusterModel
import Execution
import Testing

/// When a migration has had its time.
struct MigrationWatchTests {
    typealias Verdict = MigrationWatch.Verdict

    static func progress(_ gibibytes: Int64, of total: Int64 = 4) -> MigrationProgress {
        MigrationProgress(
            processed: .gibibytes(gibibytes), remaining: .gibibytes(1),
            total: .gibibytes(total), rate: .mebibytes(100), dirtyRate: .zero, iteration: 1)
    }

    static func watch(timeout: Int? = nil) -> MigrationWatch {
        MigrationWatch(startedAt: Timestamp(seconds: 0), timeoutSeconds: timeout)
    }

    private func isOverdue(_ verdict: Verdict) -> Bool {
        if case .overdue = verdict { true } else { false }
    }

    @Test func `bytes that go over keep it alive`() {
        var watch = Self.watch()
        for turn in Int64(1)...20 {
            #expect(
                watch.look(Self.progress(turn), at: Timestamp(seconds: turn * 140)) == .fine)
        }
        #expect(watch.look(Self.progress(20), at: Timestamp(seconds: 20 * 140 + 150)) == .fine)
        #expect(
            isOverdue(watch.look(Self.progress(20), at: Timestamp(seconds: 20 * 140 + 151))))
    }

    @Test func `no answer is no progress`() {
        var watch = Self.watch()
        #expect(watch.look(nil, at: Timestamp(seconds: 150)) == .fine)
        #expect(isOverdue(watch.look(nil, at: Timestamp(seconds: 151))))
    }

    @Test func `the limit that was set holds`() {
        var watch = Self.watch(timeout: 60)
        #expect(watch.look(Self.progress(1), at: Timestamp(seconds: 60)) == .fine)
        #expect(isOverdue(watch.look(Self.progress(2), at: Timestamp(seconds: 61))))
    }

    /// A guest that rewrites its memory faster than the link always makes progress.
    @Test func `without a limit there is one all the same, by size`() {
        for (size, seconds) in [(Int64(4), Int64(3600)), (100, 15_000)] {
            var watch = Self.watch()
            var last = Verdict.fine
            for turn in Int64(1)...(seconds / 100) {
                last = watch.look(
                    Self.progress(turn, of: size), at: Timestamp(seconds: turn * 100))
                #expect(last == .fine, "\(size) GiB after \(turn * 100) s")
            }
            let late = Timestamp(seconds: seconds + 1)
            #expect(isOverdue(watch.look(Self.progress(seconds, of: size), at: late)))
        }
    }

    @Test func `in post-copy there is no way back, and only a standstill counts`() {
        var watch = Self.watch(timeout: 60)
        #expect(isOverdue(watch.look(Self.progress(1), at: Timestamp(seconds: 61))))
        for turn in Int64(1)...50 {
            var progress = Self.progress(1 + turn, of: 100)
            progress.isPostcopy = true
            let look = watch.look(progress, at: Timestamp(seconds: 61 + turn * 100))
            #expect(look == .fine, "\(turn)")
        }
        #expect(isOverdue(watch.look(nil, at: Timestamp(seconds: 5061 + 151))))
    }

    @Test func `what cannot be stopped is given up`() {
        var watch = Self.watch(timeout: 60)
        #expect(isOverdue(watch.look(nil, at: Timestamp(seconds: 100))))
        #expect(isOverdue(watch.look(nil, at: Timestamp(seconds: 400))))
        guard case .stuck(let reason) = watch.look(nil, at: Timestamp(seconds: 401)) else {
            Issue.record("five minutes after its first abort it is still waited for")
            return
        }
        #expect(reason.contains("limit of 60 s") && reason.contains("could not be stopped"))
    }
}
