import ClusterModel
import PlacementPolicy
import Testing

/// The timer's words in a policy.
struct RebalanceReaderTests {
    @Test func `what is written is what holds`() throws {
        let policy = try Policy(
            yaml: """
                name: p
                demand: {window: 7d, slots: 24, period: 1d}
                rebalance: {aim: consolidate, held: 2, looks: 4, calm: 7 %, rest: 2h, quiet: [Sat-Sun 00:00-24:00]}
                """)
        #expect(policy.demand.periodSeconds == 86_400 && !policy.demand.usesMean)
        let mean = try Policy(yaml: "name: p\ndemand: {percentile: mean}")
        #expect(mean.demand.usesMean && mean.demand.deviationThousandths == 0)
        let strays = try Policy(yaml: "name: p\ndemand: {percentile: mean, deviations: 1.5}")
        #expect(strays.demand.deviationThousandths == 1500)
        let auto = try Policy(yaml: "name: p\ndemand: {window: auto, assumedPerVCPU: 0.5}")
        var foreseen = DemandWindow.foreseen
        foreseen.assumedPerVCPU = 500
        #expect(auto.demand == foreseen)
        #expect(policy.rebalance.aim == .consolidate)
        #expect(policy.rebalance.held == 2 && policy.rebalance.looks == 4)
        #expect(policy.rebalance.calm == 700)
        #expect(policy.rebalance.restSeconds == 7200)
        #expect(policy.rebalance.quiet == [QuietHours(days: [5, 6], start: 0, end: 1440)])
    }

    @Test(arguments: [
        ("rebalance: {held: 6, looks: 4}", "line 2, column 19", "only 4 looks"),
        ("rebalance: {rset: 1d}", "line 2, column 13", "Maybe you meant 'rest'"),
        ("rebalance: {quiet: [25:00-26:00]}", "line 2, column 20", "must hold times such as"),
        ("rebalance: {rest: 2d, restAtMost: 1d}", "line 2, column 35", "is shorter than"),
        ("rebalance: {aim: fun}", "line 2, column 18", "overload, spread or consolidate"),
        ("demand: {percentile: median}", "line 2, column 22", "or 'mean'"),
        ("demand: {percentile: 0}", "line 2, column 22", "or 'mean'"),
        ("demand: {deviations: 1.5}", "line 2, column 22", "needs 'percentile: mean'"),
        (
            "demand: {percentile: mean, period: 1d, deviations: 1}", "line 2, column 52",
            "and no 'period'"
        ),
        ("demand: {percentile: mean, deviations: 7}", "line 2, column 40", "from 0 to 6"),
        ("demand: {period: 2d}", "line 2, column 18", "1d or 1w"),
        ("demand: {window: often}", "line 2, column 18", "d at most, or auto"),
        ("demand: {window: auto, slots: 4}", "line 2, column 31", "Remove one of the two"),
        ("demand: {percentile: 95, window: auto}", "line 2, column 22", "Remove one of the two"),
        ("rebalance: {calm: 5}", "line 2, column 19", "a percentage"),
    ])
    func `what is wrong is said with its place`(line: String, place: String, words: String) throws {
        let said = try #require(refusal(of: "name: p\n\(line)\n"), "\(line) was accepted")
        #expect(said.contains(place), "\(said)")
        #expect(said.contains(words), "\(said)")
    }
}
