import ClusterModel
import Testing

@testable import Planning

@Suite struct ConvergenceTests {
    private func model(
        hot: Int64, cold: Int64, rate: Int64 = 100,
        _ change: (inout MigrationOptions) -> Void = { _ in }
    ) -> PrecopyModel {
        var options = MigrationOptions()
        change(&options)
        return PrecopyModel(
            memory: .mebibytes(4000),
            dirtyRates: DirtyRates(
                hotSet: .mebibytes(hot), hotMilliseconds: 1000, coldRate: .mebibytes(cold)),
            rate: rate * 1_048_576, options: options)
    }

    @Test func `a hot set smaller than the pause allows does no harm`() {
        let it = model(hot: 25, cold: 2)
        #expect(it.ending == .converges)
        // All, what was cold meanwhile, and the hot set a few times.
        #expect((.mebibytes(4100)...(.mebibytes(4300))).contains(it.volume))
        #expect(it.downtimeMilliseconds <= 330)
    }

    @Test func `a hot set that is written faster than it is sent never ends`() {
        #expect(model(hot: 150, cold: 0).ending == .never)
        #expect(model(hot: 40, cold: 120).ending == .never)
    }

    @Test func `a longer pause lets a guest go that is just too busy`() {
        // What is left settles at half a second of the link.
        let it = model(hot: 101, cold: 0) { $0.maxDowntimeMilliseconds = 1200 }
        #expect(it.ending == .longerPause)
        #expect((900...1300).contains(it.downtimeMilliseconds))
        #expect(model(hot: 101, cold: 0) { $0.maxDowntimeMilliseconds = 400 }.ending == .never)
    }

    @Test func `auto-converge slows a guest down, and the busier it is the more`() {
        let busy = model(hot: 150, cold: 0) { $0.autoConverge = true }
        let busier = model(hot: 400, cold: 0) { $0.autoConverge = true }
        #expect(busy.ending == .throttled && busier.ending == .throttled)
        #expect(busy.throttlePercent >= 50 && busier.throttlePercent > busy.throttlePercent)
        let idle = model(hot: 1, cold: 0) { $0.autoConverge = true }
        #expect(idle.ending == .converges && idle.throttlePercent == 0)
    }

    @Test func `post-copy and suspend end what would not end`() {
        let postcopy = model(hot: 150, cold: 0) { $0.whenStuck = .postcopy }
        #expect(postcopy.ending == .postcopy && postcopy.downtimeMilliseconds < 100)
        let suspended = model(hot: 150, cold: 0) { $0.whenStuck = .suspend }
        #expect(suspended.ending == .suspended && suspended.downtimeMilliseconds > 1000)
        #expect(model(hot: 150, cold: 0) { $0.whenStuck = .wait }.ending == .never)
        #expect(model(hot: 5, cold: 0) { $0.whenStuck = .postcopy }.ending == .converges)
    }

    @Test func `more bandwidth than at first may be enough`() {
        var options = MigrationOptions()
        options.bandwidth = 50
        let dirtyRates = DirtyRates(hotSet: .mebibytes(80), hotMilliseconds: 1000, coldRate: 0)
        let narrow = PrecopyModel(
            memory: .mebibytes(4000), dirtyRates: dirtyRates, rate: 50 << 20, options: options)
        #expect(narrow.ending == .never)
        let widened = PrecopyModel(
            memory: .mebibytes(4000), dirtyRates: dirtyRates, rate: 50 << 20, widest: 400 << 20,
            options: options)
        #expect(widened.ending == .longerPause)
    }

    @Test func `two windows tell the hot set from what is written slowly`() {
        // 64 MiB over and over, and 3 MiB/s beyond them.
        let it = DirtyRates(
            short: .init(milliseconds: 1000, rate: .mebibytes(67)),
            long: .init(milliseconds: 5000, rate: Bytes((64 + 15) * 1_048_576 / 5)))
        #expect(abs(it.coldRate.count - 3 * 1_048_576) < 10)
        #expect(it.hotSet == .mebibytes(67))
        #expect(abs(it.rewritten(afterSeconds: 11) - 97 * 1_048_576) < 200)
        #expect(it.rewritten(afterSeconds: 0.5) == 33.5 * 1_048_576)
        // A busier moment in the longer window does not make cold hotter than hot.
        let odd = DirtyRates(
            short: .init(milliseconds: 1000, rate: .mebibytes(10)),
            long: .init(milliseconds: 3000, rate: .mebibytes(40)))
        #expect(odd.coldRate == .mebibytes(10))
    }
}
