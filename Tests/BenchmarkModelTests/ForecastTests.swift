import BenchmarkModels
import ClusterModel
import Telemetry
import Testing

/// Forecasts: the best of the ways on a series' own past, and slots that are times of the day.
struct ForecastTests {
    private let forecast = DemandForecast(perDay: 24, ahead: 4)

    /// Noise of up to 50 around a level.
    private func noise(_ number: Int) -> Int32 {
        Int32(truncatingIfNeeded: (number &* 2_654_435_761) >> 13 & 0xffff) % 50
    }

    @Test func `a daily season is found`() throws {
        let forecast = DemandForecast(perDay: 96, ahead: 16)
        let values = (0..<96 * 6).map { Int32(abs($0 % 96 - 48) * 10 + 100) + noise($0) }[...]
        let best = try #require(forecast.best(values, judged: 192, every: 1))
        guard case .mixture(let percent) = best.way else {
            Issue.record("\(best)")
            return
        }
        #expect(percent == 0)
        #expect(best.error < 60)
    }

    @Test func `without a season the level is better than yesterday`() throws {
        let values = (0..<24 * 6).map { Int32($0 / 24 * 300) + noise($0) }[...]
        let best = try #require(forecast.best(values, judged: 20, every: 1))
        #expect(best.way != .sameAsYesterday && best.way != .mixture(percent: 0))
    }

    @Test func `a guest that gave up its habits is not forecast by them`() throws {
        // A season, and then it stays at its mean for the last 70 of the steps that are judged.
        let forecast = DemandForecast(perDay: 96, ahead: 16)
        let values = (0..<96 * 6).map { step in
            step < 96 * 6 - 70 ? Int32(abs(step % 96 - 48) * 10 + 100) + noise(step) : 340
        }[...]
        let best = try #require(forecast.best(values, judged: 192, every: 1))
        #expect(best.way != .mixture(percent: 0) && best.way != .sameAsYesterday, "\(best)")
    }

    @Test func `holes are holes and a short past is silent`() {
        var values = [Int32](repeating: -1, count: 48)
        #expect(forecast.predict(values[...], .sameAsNow) == nil)
        #expect(forecast.best(values[...], judged: 24) == nil)
        values[47] = 5
        #expect(forecast.predict(values[...], .sameAsNow) == 5)
        #expect(forecast.predict(values[...], .sameAsLastWeek) == nil)
        #expect(forecast.predict(values[...], .sameAsYesterday) == nil)
    }

    @Test func `slots of a day hold the worst of their days`() {
        let day: Int64 = 86_400_000
        let window = SampleWindow(
            endingAt: Timestamp(milliseconds: 20 * day + day / 2), lengthMilliseconds: 2 * day,
            slots: 4, percentile: 100, periodMilliseconds: day)
        var series = SlotSeries(window)
        for hour in 0..<48 as Range<Int64> {
            let at = Timestamp(milliseconds: 18 * day + day / 2 + (hour + 1) * 3_600_000)
            // The first morning in the window is busier than the second.
            let isMorning = (6..<12).contains((hour + 12) % 24)
            series.add(isMorning ? (hour < 24 ? 700 : 500) : 100 + hour, at: at)
        }
        #expect(series.demand().cpu == [141, 700, 129, 135].map { MilliCPU($0) })
        let window2 = SampleWindow(
            endingAt: Timestamp(milliseconds: 20 * day), lengthMilliseconds: 2 * day, slots: 4,
            percentile: 100, periodMilliseconds: day)
        #expect(window2.slot(of: Timestamp(milliseconds: 19 * day)) == 3)
        #expect(window2.slot(of: Timestamp(milliseconds: 19 * day + 1)) == 0)
        #expect(window2.slot(of: Timestamp(milliseconds: 18 * day)) == nil)
    }
}
