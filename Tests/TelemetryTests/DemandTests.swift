import ClusterModel
import Telemetry
import Testing

/// Demand over a window of samples.
struct DemandTests {
    static let second: Int64 = 1_000_000_000
    let rules = RateRules(periodMilliseconds: 10_000)
    let start = Timestamp(seconds: 1_000_000)

    /// One sample each 10 s of a domain that used these thousandths of a CPU in each interval.
    func samples(
        of rates: [Int64?], id: DomainID = "a", host: HostName = "h", from first: Int = 0
    ) -> [RawHostSample] {
        var total: Int64 = 77
        var samples: [RawHostSample] = []
        for (index, rate) in ([0] + rates).enumerated() {
            guard let rate else { continue }
            total += rate * 10_000_000
            var domain = RawDomainSample(id: id, name: id.rawValue, state: .running)
            (domain.cpuTime, domain.vcpus) = (total, 2)
            samples.append(
                RawHostSample(
                    host: host, at: start.advanced(byMilliseconds: Int64(first + index) * 10_000),
                    domains: [domain]))
        }
        return samples
    }

    func window(seconds: Int64, slots: Int, percentile: Int = 100) -> SampleWindow {
        SampleWindow(
            endingAt: start.advanced(byMilliseconds: seconds * 1000),
            lengthMilliseconds: seconds * 1000, slots: slots, percentile: percentile)
    }

    @Test func aSlotHasThePercentileOfItsOwnRates() {
        let rates: [Int64?] = [100, 200, 300, 400, 500, 600]
        let peak = MeasuredLoad(
            of: samples(of: rates), window: window(seconds: 60, slots: 2), rules: rules)
        #expect(peak.domains["a"]?.cpu == [300, 600])
        #expect(peak.domains["a"]?.samples == 6)
        #expect(peak.domains["a"]?.newestSample == start.advanced(byMilliseconds: 60_000))
        let median = MeasuredLoad(
            of: samples(of: rates), window: window(seconds: 60, slots: 2, percentile: 50),
            rules: rules)
        #expect(median.domains["a"]?.cpu == [200, 500])
    }

    @Test func onAFullHostWaitingForACPUIsDemandToo() {
        func load(busy: Int64, delay: Int64, used: Int64 = 800) -> [MilliCPU]? {
            var rates = samples(of: [used, used, used])
            for index in rates.indices {
                let tick = Int64(index)
                rates[index].cpu = HostCPUCounters(
                    user: tick * busy * 10_000_000, system: 0,
                    idle: tick * (1000 - busy) * 10_000_000, iowait: 0)
                rates[index].domains[0].vcpuDelay = tick * delay * 10_000_000
            }
            let window = window(seconds: 30, slots: 1)
            return MeasuredLoad(of: rates, window: window, rules: rules).domains["a"]?.cpu
        }
        #expect(load(busy: 400, delay: 700) == [800], "there was room: it is the cost of switching")
        #expect(load(busy: 1000, delay: 700) == [1500])
        #expect(load(busy: 1000, delay: 0) == [800])
        // Two virtual CPUs cannot want more than two, nor less than they had.
        #expect(load(busy: 1000, delay: 1900) == [2000])
        #expect(load(busy: 1000, delay: 500, used: 2100) == [2100])
    }

    @Test func meansOfDomainsAddUpToThatOfTheirHostAndPercentilesDoNot() {
        // Ten domains, each busy in another tenth of the time: never more than one CPU together.
        func load(usesMean: Bool) -> Int64 {
            let window = SampleWindow(
                endingAt: start.advanced(byMilliseconds: 100_000), lengthMilliseconds: 100_000,
                slots: 1, percentile: 95, usesMean: usesMean)
            let all = (0..<10).flatMap { number in
                samples(
                    of: (0..<10).map { $0 == number ? 1000 : 0 }, id: DomainID("d\(number)"))
            }.sorted { $0.at < $1.at }
            return MeasuredLoad(of: all, window: window, rules: rules).domains.values
                .reduce(0) { $0 + ($1.cpu?[0].count ?? 0) }
        }
        #expect(load(usesMean: true) == 1000)
        #expect(load(usesMean: false) == 10_000)
    }

    @Test func aSlotWithoutSamplesHasTheWorstKnown() {
        let load = MeasuredLoad(
            of: samples(of: [100, 900, 300]), window: window(seconds: 120, slots: 4), rules: rules)
        #expect(load.domains["a"]?.cpu == [900, 900, 900, 900])
        let early = MeasuredLoad(
            of: samples(of: [100, 200, 300]), window: window(seconds: 60, slots: 2), rules: rules)
        #expect(early.domains["a"]?.cpu == [300, 300])
    }

    @Test func oneSampleIsUnknownAndNotIdle() {
        let load = MeasuredLoad(
            of: samples(of: []), window: window(seconds: 60, slots: 2), rules: rules)
        #expect(load.domains["a"] == .unknown)
        #expect(load.domains["b"] == nil)
    }

    @Test func aGapHasNoRate() {
        let rates: [Int64?] = [100, nil, nil, nil, nil, nil, 2000, 300]
        let load = MeasuredLoad(
            of: samples(of: rates), window: window(seconds: 80, slots: 1), rules: rules)
        #expect(load.domains["a"]?.cpu == [300])
        #expect(load.domains["a"]?.samples == 2)
    }

    @Test func theFirstRateOfTheWindowUsesTheSampleBeforeIt() {
        let all = samples(of: [100, 200, 300, 400, 500, 600])
        let window = SampleWindow(
            endingAt: start.advanced(byMilliseconds: 60_000), lengthMilliseconds: 30_000, slots: 3,
            percentile: 100)
        let load = MeasuredLoad(of: all, window: window, rules: rules)
        #expect(load.domains["a"]?.cpu == [400, 500, 600])
        #expect(window.readingStart(under: rules) == start.advanced(byMilliseconds: -20_000))
    }

    @Test func slotBoundariesBelongToTheSlotThatEnds() {
        let window = window(seconds: 60, slots: 2)
        #expect(window.slot(of: start) == nil)
        #expect(window.slot(of: start.advanced(byMilliseconds: 1)) == 0)
        #expect(window.slot(of: start.advanced(byMilliseconds: 30_000)) == 0)
        #expect(window.slot(of: start.advanced(byMilliseconds: 30_001)) == 1)
        #expect(window.slot(of: start.advanced(byMilliseconds: 60_000)) == 1)
        #expect(window.slot(of: start.advanced(byMilliseconds: 60_001)) == nil)
    }

    @Test func aClockThatStepsBackGivesNoAbsurdRate() {
        var list = samples(of: Array(repeating: 1000, count: 12))
        for index in 6..<list.count {
            list[index].at = list[index].at.advanced(byMilliseconds: -45_000)
        }
        let load = MeasuredLoad(
            of: list.sorted { $0.at < $1.at }, window: window(seconds: 120, slots: 1), rules: rules)
        let peak = load.domains["a"]?.peak
        #expect(peak.map { $0 <= RateRules.plausibleCPU(vcpus: 2) } == true)
        let inOrderOfArrival = MeasuredLoad(
            of: list, window: window(seconds: 120, slots: 1), rules: rules)
        #expect(inOrderOfArrival.domains["a"]?.cpu == [1000])
    }

    @Test func countersOfTwoHostsAreNotMixed() {
        let source = samples(of: [500, 500, 500, 500], host: "h1")
        let target = samples(of: [0, 0, 0, 0], host: "h2")
        let both = (source + target).sorted { ($0.at, $0.host) < ($1.at, $1.host) }
        let load = MeasuredLoad(of: both, window: window(seconds: 40, slots: 1), rules: rules)
        #expect(load.domains["a"]?.cpu == [500])
        #expect(load.domains["a"]?.samples == 8)
    }

    @Test func hostsHaveTheirWorstSlotAndNewestMemory() {
        var list: [RawHostSample] = []
        var (busy, idle): (Int64, Int64) = (0, 0)
        for (index, share) in [0, 100, 800, 300].enumerated() {
            busy += Int64(share) * 10_000_000
            idle += Int64(1000 - share) * 10_000_000
            list.append(
                RawHostSample(
                    host: "h", at: start.advanced(byMilliseconds: Int64(index) * 10_000),
                    cpu: HostCPUCounters(user: busy, system: 0, idle: idle, iowait: 0),
                    memory: HostMemoryGauges(
                        total: 100, free: Bytes(Int64(index)), buffers: 1, cached: 10)))
        }
        let load = MeasuredLoad(of: list, window: window(seconds: 30, slots: 3), rules: rules)
        let use = load.hosts["h"]
        #expect(use?.busyPermille == 800)
        #expect(use?.memoryAvailable == 14)
        // No domain was sampled: all of it, 40 % on average, is somebody else's.
        #expect(
            use?.load(ofCPUs: 8)
                == HostLoad(cpu: 6400, memoryAvailable: 14, cpuOfOthers: 3200))
        #expect(use?.load(ofCPUs: nil).cpu == nil)
    }

    /// A guest that left in the middle of the window used what the host shows of that time.
    @Test func whatDomainsUsedIsNotOthers() {
        var list: [RawHostSample] = []
        for index in 0..<5 {
            // The host is half busy throughout: 4 of 8 CPUs, of which the guest has 3 at first.
            let ticks = Int64(index) * 5_000_000_000
            var sample = RawHostSample(
                host: "h", at: start.advanced(byMilliseconds: Int64(index) * 10_000),
                cpu: HostCPUCounters(user: ticks, system: 0, idle: ticks, iowait: 0))
            if index < 3 {
                var guest = RawDomainSample(id: "a", name: "a", state: .running)
                (guest.cpuTime, guest.vcpus) = (Int64(index) * 30_000_000_000, 4)
                sample.domains = [guest]
            }
            list.append(sample)
        }
        let load = MeasuredLoad(of: list, window: window(seconds: 40, slots: 1), rules: rules)
        // 4 CPUs, less 3 for half of the time.
        #expect(load.hosts["h"]?.load(ofCPUs: 8).cpuOfOthers == 2500)
    }
}
