import ClusterModel
import Telemetry
import Testing

/// The mean of a few minutes, that a timer's look is.
struct RecentUseTests {
    private let start = Timestamp(seconds: 1_000_000)

    /// `used` is CPU time in seconds.
    private func sample(_ second: Int64, _ used: [DomainID: Int64], host: HostName = "h")
        -> RawHostSample
    {
        var sample = RawHostSample(
            host: host, at: start.advanced(byMilliseconds: second * 1000), cpu: nil, memory: nil)
        sample.domains = used.sorted { $0.key < $1.key }.map { id, used in
            var domain = RawDomainSample(id: id, name: "web", state: .running)
            (domain.cpuTime, domain.vcpus) = (used * 1_000_000_000, 4)
            return domain
        }
        return sample
    }

    private func use(_ samples: [RawHostSample], from second: Int64 = 0, to last: Int64 = 300)
        -> RecentUse
    {
        var reading = RecentUse.Reading(
            from: start.advanced(byMilliseconds: second * 1000),
            to: start.advanced(byMilliseconds: last * 1000), rules: RateRules())
        for sample in samples { reading.add(sample) }
        return reading.finish()
    }

    @Test func `the mean of all samples, not the newest two`() {
        // Two CPUs for half of the time, then nothing.
        let samples = (0...30).map { sample($0 * 10, ["u": min(300, $0 * 20)]) }
        #expect(use(samples).cpu(of: "u") == 1000)
        #expect(use(samples).seconds == 300)
        #expect(use(samples).cpu(of: "other") == nil)
    }

    @Test func `what lies before the start does not count, and nothing after it is missed`() {
        // Three CPUs until 100 s, one from then on; a look from 105 s, in the middle of an
        // interval.
        let samples = (0...20).map { tick in
            sample(tick * 10, ["u": min(tick, 10) * 30 + max(0, tick - 10) * 10])
        }
        #expect(use(samples, from: 105, to: 200).cpu(of: "u") == 1000)
        #expect(use(samples, from: 90, to: 110).cpu(of: "u") == 2000)
        // Too short for two samples of its own.
        #expect(use(Array(samples.prefix(12)), from: 103, to: 110).cpu(of: "u") == 1000)
    }

    @Test func `gaps, restarts and steps of the clock are left out`() {
        let gap = [sample(0, ["u": 0]), sample(10, ["u": 10]), sample(250, ["u": 900])]
        #expect(use(gap).cpu(of: "u") == 1000)
        let restart = [sample(0, ["u": 500]), sample(10, ["u": 5]), sample(20, ["u": 15])]
        #expect(use(restart).cpu(of: "u") == 1000)
        let back = [sample(50, ["u": 0]), sample(40, ["u": 10]), sample(50, ["u": 20])]
        #expect(use(back).cpu(of: "u") == 1000)
        #expect(use([sample(0, ["u": 0])]).isEmpty)
    }

    @Test func `a domain that changed its host is measured on both`() {
        let samples = [
            sample(0, ["u": 0]), sample(10, ["u": 20]), sample(10, [:], host: "g"),
            sample(20, [:]), sample(20, ["u": 3], host: "g"), sample(30, ["u": 3], host: "g"),
        ]
        #expect(use(samples).cpu(of: "u") == 1000)
    }
}
