import ClusterModel
import TestSupport
import Testing

@testable import Planning

@Suite struct CalibrationTests {
    /// Migrations over a link of which a part arrives, on hosts that need their time; `noise` is
    /// the most that one is off, in thousandths.
    private func observations(
        _ count: Int, seed: UInt64, truth: TransferFit, noise: Int = 0, outliers: Int = 0
    ) -> [TransferObservation] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            let dirtyRates = DirtyRates(
                hotSet: .mebibytes(Int64(random.int(0...60))), hotMilliseconds: 1000,
                coldRate: .mebibytes(Int64(random.int(0...8))))
            var it = TransferObservation(
                source: "a", target: "b", memory: .mebibytes(Int64(random.int(200...8000))),
                dirtyRates: dirtyRates, linkRate: 125_000_000, durationMilliseconds: 1)
            let exact = it.predicted(truth)
            it.durationMilliseconds =
                exact * Int64(1000 + random.int(-noise...noise)) / 1000
            if index < outliers { it.durationMilliseconds *= 5 }
            it.downtimeMilliseconds = it.model(truth).downtimeMilliseconds
            return it
        }
    }

    private static let truth = TransferFit(
        fixedMilliseconds: 2500, efficiencyPermille: 700, dirtyingPermille: 500,
        switchoverMilliseconds: 90, errorPermille: 0, jobs: 0)

    /// Mean relative error on observations that were not learned from.
    private func error(of fit: TransferFit, on tested: [TransferObservation]) -> Double {
        tested.reduce(0) {
            let seen = Double($1.durationMilliseconds)
            return $0 + abs(Double($1.predicted(fit)) - seen) / seen
        } / Double(tested.count)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `what a link does is learned from its migrations`(seed: UInt64) throws {
        let fit = try #require(
            CalibrationFit.fit(observations(40, seed: seed, truth: Self.truth, noise: 50)))
        let tested = observations(200, seed: seed + 100, truth: Self.truth, noise: 50)
        #expect(error(of: fit, on: tested) < 0.05)
        #expect(error(of: .assumed, on: tested) > 0.2)
        #expect((600...800).contains(fit.efficiencyPermille), "\(fit)")
        #expect((1500...3500).contains(fit.fixedMilliseconds), "\(fit)")
        #expect(abs(fit.switchoverMilliseconds - 90) <= 90, "\(fit)")
        #expect(fit.jobs == 40)
    }

    @Test func `cold moves are learned apart from live ones`() {
        let live = observations(10, seed: 1, truth: Self.truth)
        let cold = (0..<4).map { index in
            TransferObservation(
                source: "a", target: "b", memory: .zero, dirtyRates: nil, linkRate: 125_000_000,
                durationMilliseconds: 8000 + Int64(index) * 100)
        }
        let both = CalibrationFit.calibrate(live, cold: cold)
        #expect(both.fleet == CalibrationFit.calibrate(live).fleet)
        #expect((8000...8300).contains(both.cold?.fixedMilliseconds ?? 0), "\(both)")
        #expect(CalibrationFit.calibrate(live, cold: Array(cold.prefix(2))).cold == nil)
    }

    @Test func `one in six that went wrong does not spoil the others`() throws {
        let learned = observations(60, seed: 7, truth: Self.truth, noise: 30, outliers: 10)
        let fit = try #require(CalibrationFit.fit(learned))
        #expect(error(of: fit, on: observations(100, seed: 8, truth: Self.truth)) < 0.06)
        // And the error bar tells of them.
        #expect(fit.errorPermille > 1000)
    }

    @Test func `the error bar holds nine of ten of those that come`() throws {
        let fit = try #require(
            CalibrationFit.fit(observations(80, seed: 11, truth: Self.truth, noise: 200)))
        let bar = Double(fit.errorPermille) / 1000
        let tested = observations(400, seed: 12, truth: Self.truth, noise: 200)
        let within = tested.filter {
            abs(Double($0.durationMilliseconds) / Double($0.predicted(fit)) - 1) <= bar
        }
        #expect(within.count >= 340, "\(within.count), bar \(bar)")
        #expect(bar < 0.3)
    }

    @Test func `too little to learn from leaves what is assumed`() {
        let two = observations(2, seed: 1, truth: Self.truth)
        #expect(CalibrationFit.fit(two) == nil)
        #expect(CalibrationFit.calibrate(two).fleet == .assumed)
        #expect(CalibrationFit.calibrate([]).fit(from: "x", to: "y") == .assumed)
    }

    @Test func `equal migrations cannot tell speed from set-up, and stay near what is assumed`()
        throws
    {
        let one = TransferObservation(
            source: "a", target: "b", memory: 1_250_000_000, dirtyRates: nil,
            linkRate: 125_000_000, durationMilliseconds: 11_030)
        let fit = try #require(CalibrationFit.fit(Array(repeating: one, count: 10)))
        #expect(abs(fit.efficiencyPermille - 1000) <= 50, "\(fit)")
        #expect(abs(one.predicted(fit) - 11_030) < 50)
    }

    @Test func `each pair of hosts has its own, the others what the fleet has`() {
        var slow = Self.truth
        slow.efficiencyPermille = 300
        let other = observations(10, seed: 3, truth: slow).map {
            var it = $0
            it.target = "c"
            return it
        }
        let all = observations(10, seed: 2, truth: Self.truth) + other
        let calibration = CalibrationFit.calibrate(all)
        let (near, far) = (calibration.fit(from: "a", to: "b"), calibration.fit(from: "a", to: "c"))
        #expect(near.efficiencyPermille > 500 && far.efficiencyPermille < 400)
        #expect(calibration.fit(from: "b", to: "a") == calibration.fleet)
        #expect(calibration.fleet.errorPermille > near.errorPermille)
    }
}
