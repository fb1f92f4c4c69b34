import ClusterModel
import Telemetry
import Testing

/// What domains count for beyond their means.
struct DeviationTests {
    let start = Timestamp(seconds: 1_000_000)

    /// One slot of rates, one each 10 s, with a deviation and a half.
    func domain(_ name: String, _ rates: [Int64], thousandths: Int64 = 1500) -> Domain {
        let seconds = Int64(rates.count) * 10
        var series = SlotSeries(
            SampleWindow(
                endingAt: start.advanced(byMilliseconds: seconds * 1000),
                lengthMilliseconds: seconds * 1000, slots: 1, usesMean: true,
                deviationThousandths: thousandths))
        for (index, rate) in rates.enumerated() {
            series.add(rate, at: start.advanced(byMilliseconds: Int64(index + 1) * 10_000))
        }
        return Domain(
            facts: DomainFacts(id: DomainID(name), name: name, memory: .gibibytes(1)),
            host: "h", demand: series.demand())
    }

    func weighed(_ domains: [Domain], hosts: Int, thousandths: Int64 = 1500) -> [Int64] {
        var domains = domains
        Deviation.weigh(&domains, hosts: hosts, thousandths: thousandths)
        #expect(domains.allSatisfy { $0.demand.variance == nil })
        return domains.map { $0.demand.cpu?[0].count ?? -1 }
    }

    @Test func `variances add up, not deviations`() {
        // A hundred domains of 1000 ± 600 on one host: it strays by 6000, each counts for 1.5 times
        // the half of a hundredth of that.
        let domains = (0..<100).map { domain("d\($0)", [400, 1600]) }
        #expect(weighed(domains, hosts: 1) == Array(repeating: 1045, count: 100))
        // On four hosts of 25 each strays by 3000.
        #expect(weighed(domains, hosts: 4) == Array(repeating: 1090, count: 100))
    }

    @Test func `what is steady counts its mean, and of two that stray the wilder counts more`() {
        let counted = weighed(
            [domain("a", [1000, 1000]), domain("b", [900, 1100]), domain("c", [0, 2000])],
            hosts: 1)
        #expect(counted[0] == 1000)
        #expect(counted[1] == 1007 && counted[2] == 1747)
    }

    @Test func `none counts for more than it would alone`() {
        let alone = [domain("a", [0, 2000])] + (0..<9).map { domain("d\($0)", [1000, 1000]) }
        #expect(weighed(alone, hosts: 100)[0] == 2500)
    }

    @Test func `without deviations nothing is kept and nothing changes`() {
        let domain = domain("a", [0, 2000], thousandths: 0)
        #expect(domain.demand.variance == nil)
        #expect(weighed([domain], hosts: 1, thousandths: 0) == [1000])
    }

    @Test func `a domain without samples stays unknown, and absurd values overflow nothing`() {
        var unknown = domain("a", [1000])
        unknown.demand = .unknown
        let absurd = (0..<1000).map { domain("d\($0)", [0, 4_000_000_000_000]) }
        let counted = weighed([unknown] + absurd, hosts: 1, thousandths: 6000)
        #expect(counted[0] == -1)
        #expect(counted[1] > 2_000_000_000_000)
    }
}
