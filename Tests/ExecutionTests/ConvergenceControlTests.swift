import ClusterModel
import Execution
import Testing

/// What is done for a migration that does not come to its end.
struct ConvergenceControlTests {
    /// QEMU's passes over a guest with this hot set, seen at every change of pass.
    struct Guest {
        var hotSet: Bytes
        var rate: Bytes
        var pass = 1
        var second: Int64 = 0
        var throttle: Int?

        mutating func next() -> (MigrationProgress, Timestamp) {
            pass += 1
            second += 3
            let progress = MigrationProgress(
                processed: .mebibytes(Int64(pass) * 100),
                remaining: hotSet, total: .gibibytes(4), rate: rate, dirtyRate: hotSet,
                iteration: pass, throttlePercent: throttle)
            return (progress, Timestamp(seconds: second))
        }
    }

    private func decisions(
        _ guest: Guest, passes: Int = 60, _ change: (inout MigrationOptions) -> Void = { _ in }
    ) -> [ConvergenceControl.Decision] {
        var options = MigrationOptions()
        change(&options)
        var control = ConvergenceControl(options: options)
        var guest = guest
        return (0..<passes).compactMap { _ in
            let (progress, now) = guest.next()
            return control.look(progress, at: now)
        }
    }

    private func changes(_ decisions: [ConvergenceControl.Decision]) -> [MigrationAdjustment] {
        decisions.compactMap { decision in
            if case .adjust(let change, _) = decision { change } else { nil }
        }
    }

    private let busy = Guest(hotSet: .mebibytes(400), rate: .mebibytes(100))

    @Test func `a migration whose passes get shorter is left alone`() {
        var control = ConvergenceControl(options: MigrationOptions())
        var guest = busy
        for _ in 0..<20 {
            let (progress, now) = guest.next()
            #expect(control.look(progress, at: now) == nil)
            guest.hotSet = Bytes(guest.hotSet.count * 9 / 10)
        }
    }

    @Test func `the first pass says nothing, however long it takes`() {
        var control = ConvergenceControl(options: MigrationOptions())
        var progress = MigrationProgress(iteration: 1)
        for second in Int64(0)...4000 {
            progress.remaining = .mebibytes(9000 - second)
            #expect(control.look(progress, at: Timestamp(seconds: second)) == nil)
        }
    }

    @Test func `the pause is raised first, by what is needed and never beyond the limit`() {
        let near = Guest(hotSet: .mebibytes(60), rate: .mebibytes(100))
        let first = changes(decisions(near) { $0.maxDowntimeMilliseconds = 5000 }).first
        // 600 ms are needed, and a fifth more.
        #expect(first == .allowDowntime(milliseconds: 720))
        for limit in [301, 400, 1000, 5000] as [Int64] {
            for change in changes(decisions(busy) { $0.maxDowntimeMilliseconds = limit }) {
                guard case .allowDowntime(let allowed) = change else { continue }
                #expect(allowed > 300 && allowed <= limit)
            }
        }
        #expect(changes(decisions(busy) { $0.maxDowntimeMilliseconds = 200 }).isEmpty)
    }

    @Test func `then comes more bandwidth, once, and at last what the policy says`() {
        let words: [(MigrationOptions.WhenStuck, MigrationAdjustment?)] = [
            (.postcopy, .startPostcopy), (.suspend, .suspendGuest), (.wait, nil), (.abort, nil),
        ]
        for (rule, last) in words {
            let found = decisions(busy) {
                $0.bandwidth = 50
                $0.maxBandwidth = 200
                $0.whenStuck = rule
            }
            #expect(
                changes(found)
                    == [
                        .allowDowntime(milliseconds: 500),
                        .allowBandwidth(mebibytesPerSecond: 200),
                    ] + [last].compactMap { $0 }, "\(rule)")
            let nonConverging = found.contains {
                if case .nonConverging = $0 { true } else { false }
            }
            #expect(nonConverging == (rule == .abort), "\(rule)")
        }
    }

    @Test func `the reason has the figures`() throws {
        guard case .nonConverging(let reason) = try #require(decisions(busy).last) else {
            Issue.record("not nonConverging")
            return
        }
        #expect(reason.hasPrefix("does not converge: it rewrites 400 MiB/s and 100 MiB/s are sent"))
        #expect(reason.contains("400 MiB are left after pass"))
    }

    @Test func `auto-converge gets its time, as long as it still slows the guest down`() {
        var options = MigrationOptions()
        options.autoConverge = true
        var control = ConvergenceControl(options: options)
        var guest = busy
        var found: [ConvergenceControl.Decision] = []
        for turn in 0..<27 {
            guest.throttle = min(99, 20 + turn / 3 * 10)
            let (progress, now) = guest.next()
            if let decision = control.look(progress, at: now) { found.append(decision) }
        }
        #expect(changes(found) == [.allowDowntime(milliseconds: 500)] && found.count == 1)
        // At its most it has done what it can.
        guest.throttle = 99
        for _ in 0..<8 {
            let (progress, now) = guest.next()
            if let decision = control.look(progress, at: now) { found.append(decision) }
        }
        guard case .nonConverging = found.last else {
            Issue.record("\(found)")
            return
        }
    }

    @Test func `one that has stopped slowing down is not waited for without end`() {
        var idle = busy
        idle.throttle = 20
        let found = decisions(idle, passes: 60) { $0.autoConverge = true }
        guard case .nonConverging = found.last else {
            Issue.record("\(found)")
            return
        }
    }

    @Test func `changes are not made faster than they can show what they do`() {
        var control = ConvergenceControl(options: MigrationOptions())
        var made = 0
        for turn in Int64(0)..<100 {
            // Twenty passes a second.
            let progress = MigrationProgress(
                remaining: .mebibytes(400), rate: .mebibytes(100), iteration: Int(turn) + 2)
            let now = Timestamp(milliseconds: turn * 50)
            if control.look(progress, at: now) != nil { made += 1 }
        }
        #expect(made == 1)
    }

    @Test func `at the time limit the policy's last word comes first, then the end`() {
        var options = MigrationOptions()
        options.timeoutSeconds = 60
        options.whenStuck = .postcopy
        var watch = MigrationWatch(startedAt: Timestamp(seconds: 0), options: options)
        var found: [MigrationWatch.Verdict] = []
        for second in Int64(1)...130 {
            let progress = MigrationProgress(
                processed: .mebibytes(second), remaining: .mebibytes(500), total: .gibibytes(2),
                iteration: 1)
            let verdict = watch.look(progress, at: Timestamp(seconds: second))
            if verdict != .fine { found.append(verdict) }
        }
        let reason = "took longer than the limit of 60 s"
        #expect(found.first == .adjust(.startPostcopy, reason: reason))
        #expect(found.dropFirst().first == .overdue(reason))
    }

    @Test func `a guest is not sent over a dead link`() {
        var options = MigrationOptions()
        options.whenStuck = .postcopy
        var watch = MigrationWatch(startedAt: Timestamp(seconds: 0), options: options)
        for second in Int64(1)...200 {
            let progress = MigrationProgress(processed: .mebibytes(1), iteration: 3)
            let verdict = watch.look(progress, at: Timestamp(seconds: second))
            if case .adjust = verdict { Issue.record("after \(second) s: \(verdict)") }
        }
    }
}
