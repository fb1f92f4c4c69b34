import ClusterModel
import Telemetry
import Testing

/// What domains are believed to want, by the hours that they have behind them.
struct ForesightTests {
    /// Midnight.
    let first: Int64 = 480_000
    var start: Timestamp { Timestamp(seconds: first * 3600) }

    func end(after hours: Int, minutes: Int64 = 0) -> Timestamp {
        start.advanced(byMilliseconds: Int64(hours) * 3_600_000 + minutes * 60_000)
    }

    /// Hours in a row; of each all samples are alike where no percentile is given.
    func hours(_ means: [Int64?], p95: (Int64) -> Int64 = { $0 }) -> [HourOfUse] {
        means.enumerated().compactMap { index, mean in
            mean.map {
                HourOfUse(number: first + Int64(index), mean: $0, p95: p95($0), samples: 60)
            }
        }
    }

    func foreseen(_ means: [Int64?], minutes: Int64 = 0) -> Demand {
        var foresight = Foresight(endingAt: end(after: means.count, minutes: minutes))
        return foresight.demand(of: hours(means), newest: end(after: means.count))
    }

    @Test func `what never changed is foreseen as it was, and does not stray`() {
        let demand = foreseen([500, 500, 500, 500, 500, 500])
        #expect(demand.cpu == Array(repeating: 500, count: 24))
        #expect(demand.variance == Array(repeating: 0, count: 24))
        #expect(demand.samples == 360)
        #expect(demand.newestSample == end(after: 6))
    }

    @Test
    func `what rose and stayed is foreseen by its last hours, what comes and goes by its mean`() {
        let rose = foreseen([100, 100, 100, 900, 900, 900, 900, 900])
        #expect(rose.cpu?.first == 900)
        let comesAndGoes = foreseen([0, 0, 800, 800, 0, 0, 800, 800, 0, 0, 800, 800])
        #expect(comesAndGoes.cpu?.first == 400)
        // Each hour is 400 away from what the mean says, the first ones more.
        let variance = comesAndGoes.variance?.first ?? 0
        #expect((160_000...250_000).contains(variance), "\(variance)")
    }

    @Test func `samples that stray within their hours add to its error`() {
        var foresight = Foresight(endingAt: end(after: 4))
        let steady = hours([1000, 1000, 1000, 1000]) { $0 + 329 }
        #expect(foresight.demand(of: steady, newest: nil).variance?.first == 40_000)
    }

    @Test func `an hour that has begun counts for as long as it has lasted`() {
        var foresight = Foresight(endingAt: end(after: 2, minutes: 15))
        let demand = foresight.demand(of: hours([400, 400, 2000]), newest: nil)
        // A quarter of an hour of 2000 and an hour and three quarters of 400.
        #expect(demand.cpu?.first == 600)
    }

    @Test func `from a day on each hour of the day counts as on the busier of two days`() {
        let today = (0..<24 as Range<Int64>).map { $0 * 10 }
        let means = today.map { $0 + 1 } + today
        var foresight = Foresight(endingAt: end(after: 48))
        let demand = foresight.demand(of: hours(means) { $0 + 7 }, newest: nil)
        #expect(demand.cpu == today.map { MilliCPU($0 + 8) })
        #expect(demand.variance == nil)
        #expect(foreseen(Array(repeating: 1, count: 23), minutes: 59).variance != nil)
        #expect(foreseen(Array(repeating: 1, count: 24)).variance == nil)
    }

    @Test func `an hour without samples may have been as bad as the worst`() {
        var means: [Int64?] = Array(repeating: 100, count: 25)
        (means[4], means[7]) = (700, nil)
        #expect(foreseen(means).cpu?[7] == 700)
        #expect(foreseen([300, nil, nil, nil]).cpu?.first == 300)
        #expect(foreseen([]).cpu == nil)
    }

    /// Domains that all rise and fall at the same hours, and as many of which half do the opposite.
    @Test func `errors that come together are told from those that cancel out`() {
        let waves: [Int64] = [0, 900, 0, 0, 900, 900, 0, 900]
        func correlation(_ opposite: (Int) -> Bool) -> Double {
            var foresight = Foresight(endingAt: end(after: waves.count))
            for domain in 0..<40 {
                let means = waves.map { opposite(domain) ? 900 - $0 : $0 }
                _ = foresight.demand(of: hours(means), newest: nil)
            }
            return foresight.correlation
        }
        #expect(correlation { _ in false } == 1)
        #expect(correlation { $0 % 2 == 0 } == 0)
        #expect((0.1..<0.9).contains(correlation { $0 % 4 == 0 }))
        #expect(Foresight(endingAt: start).correlation == 0)
    }

    @Test func `hours are the same from samples and from the rows that are kept of them`() {
        var (samples, rows) = (HourlyUse(), HourlyUse())
        for minute in 0..<150 as Range<Int64> {
            samples.add(minute * 7 % 100, at: end(after: 0, minutes: minute + 1))
        }
        for hour in samples.hours().dropLast() {
            rows.add(
                Summary(mean: hour.mean, p95: hour.p95, max: hour.p95), until: hour.end,
                samples: hour.samples)
        }
        // Raw samples reach back a little before what is not rolled up yet.
        for minute in 115..<150 as Range<Int64> {
            rows.add(minute * 7 % 100, at: end(after: 0, minutes: minute + 1))
        }
        #expect(rows.hours() == samples.hours())
        #expect(samples.hours().map(\.samples) == [60, 60, 30])
        #expect(samples.hours().map(\.number) == [first, first + 1, first + 2])
    }
}
