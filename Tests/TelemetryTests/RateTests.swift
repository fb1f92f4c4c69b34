import ClusterModel
import Telemetry
import Testing

/// Rates from counters that grow, stand still, go back or lie.
struct RateTests {
    let rules = RateRules(periodMilliseconds: 10_000)
    let usable = SampleInterval.usable(milliseconds: 10_000)

    @Test func cpuTimeBecomesThousandthsOfACPU() {
        // Half a CPU for 10 s.
        #expect(
            CounterRate.cpu(from: 1000, to: 5_000_001_000, over: usable, limit: nil).value == 500)
        #expect(CounterRate.cpu(from: 7, to: 7, over: usable, limit: nil).value == 0)
    }

    @Test func aCounterThatWentBackIsARestartAndNoNegativeRate() {
        #expect(CounterRate.cpu(from: 9, to: 8, over: usable, limit: nil) == .restart)
        #expect(CounterRate(from: 9, to: 8, over: usable) == .restart)
    }

    @Test func aMissingCounterIsNoZero() {
        #expect(CounterRate(from: nil, to: 8, over: usable) == .missing)
        #expect(CounterRate(from: 8, to: nil, over: usable) == .missing)
    }

    @Test(arguments: [
        (Int64(0), SampleInterval.clockStep), (-5_000, .clockStep),
        (1, .usable(milliseconds: 1)), (50_000, .usable(milliseconds: 50_000)),
        (50_001, .gap(milliseconds: 50_001)),
    ])
    func intervalsAreJudged(elapsed: Int64, expected: SampleInterval) {
        let start = Timestamp(seconds: 1_000_000)
        #expect(
            rules.judge(from: start, to: start.advanced(byMilliseconds: elapsed)) == expected)
    }

    @Test func aGapIsNeverLongerThanTenMinutes() {
        #expect(RateRules(periodMilliseconds: 3_600_000).longestInterval == 600_000)
    }

    @Test func noRateComesOutOfAGapOrAClockStep() {
        #expect(CounterRate(from: 1, to: 2, over: .gap(milliseconds: 60_000)) == .gap)
        #expect(CounterRate(from: 1, to: 2, over: .clockStep) == .clockStep)
    }

    @Test func moreThanAGuestCanUseIsDiscarded() {
        let limit = RateRules.plausibleCPU(vcpus: 2)
        #expect(limit == 3200)
        let honest = CounterRate.cpu(from: 0, to: 32_000_000_000, over: usable, limit: limit)
        let absurd = CounterRate.cpu(from: 0, to: 32_100_000_000, over: usable, limit: limit)
        #expect(honest.value == 3200)
        #expect(absurd == .implausible)
        #expect(CounterRate(from: .min, to: .max, over: usable) == .implausible)
        #expect(CounterRate(from: 0, to: .max, over: usable) == .implausible)
    }

    @Test func aRestartedDomainHasNoRatesAtAll() {
        var old = RawDomainSample(id: "a", name: "a", state: .running)
        (old.cpuTime, old.vcpus, old.blockRead, old.networkSent) = (5_000, 1, 100, 100)
        var new = old
        (new.cpuTime, new.blockRead, new.networkSent) = (10, 4_000, 50)
        let rates = DomainRates(from: old, to: new, over: usable)
        #expect(rates.cpu == .restart)
        #expect(rates.blockRead == .restart)
        #expect(rates.networkSent == .restart)

        (new.cpuTime, new.networkSent) = (1_000_005_000, 1_100)
        let steady = DomainRates(from: old, to: new, over: usable)
        #expect(steady.cpu == .perSecond(100))
        #expect(steady.blockRead == .perSecond(390))
        #expect(steady.networkSent == .perSecond(100))
        #expect(steady.networkReceived == .missing)
    }

    @Test func hostUseComesFromTheHostsOwnTime() {
        let second: Int64 = 1_000_000_000
        let old = HostCPUCounters(user: 10, system: 20, idle: 30, iowait: 40)
        let new = HostCPUCounters(
            user: 10 + 3 * second, system: 20 + second, idle: 30 + 12 * second, iowait: 40)
        #expect(HostCPURate(from: old, to: new, over: usable) == .busy(permille: 250))
        #expect(HostCPURate(from: new, to: old, over: usable) == .restart)
        #expect(HostCPURate(from: old, to: old, over: usable) == .restart)
        #expect(HostCPURate(from: old, to: new, over: .clockStep) == .clockStep)
    }

    @Test func percentilesAreMeasuredValues() {
        var values: [Int64] = [5, 1, 4, 2, 3]
        #expect(Percentile.nearestRank(95, of: &values) == 5)
        #expect(Percentile.nearestRank(50, of: &values) == 3)
        #expect(Percentile.nearestRank(1, of: &values) == 1)
        var none: [Int64] = []
        #expect(Percentile.nearestRank(50, of: &none) == nil)
    }
}
