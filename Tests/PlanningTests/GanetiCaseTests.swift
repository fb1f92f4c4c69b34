import ClusterModel
import PlacementPolicy
import Planning
import TestSupport
import Testing

/// Ganeti's tags in our terms.
@Suite struct GanetiCaseTests {
    private static let text = """
        group-01|fake-uuid-01|preferred||

        node-1|16384|0|14336|409600|358400|16|N|fake-uuid-01|1|power:a,hv:new
        node-2|16384|0|16384|409600|358400|16|N|fake-uuid-01|1|power:a
        node-3|16384|0|16384|409600|358400|16|N|fake-uuid-01|1|power:b,hv:new

        inst01|1024|51200|1|running|Y|node-1|node-3|drbd|service:dns|1
        inst02|1024|51200|1|running|Y|node-1|node-2|drbd|service:dns|1

        htools:nlocation:power
        htools:iextags:service
        htools:migration:hv
        """

    @Test func `pairs, migration tags, locations and exclusion tags are read`() throws {
        let it = try GanetiCase(Self.text)
        #expect(it.snapshot.hosts.map(\.zone) == ["power:a", "power:a", "power:b"])
        #expect(it.snapshot.domains[0].facts.antiAffinityGroups == ["service:dns"])
        #expect(it.policy.antiAffinity.map(\.scope) == [.zone])
        let hosts = it.policy.fence.map { $0.hosts.map(\.text) }
        // inst02's secondary lacks the tag that its primary carries.
        #expect(hosts == [["node-1", "node-3"], ["node-1"]])
    }

    @Test func `a drain of an offline host keeps to the pairs`() throws {
        let offline = Self.text.replacing(
            "|16|N|fake-uuid-01|1|power:a,hv", with: "|16|Y|fake-uuid-01|1|power:a,hv"
        )
        .replacing("htools:migration:hv", with: "")
        let it = try GanetiCase(offline)
        #expect(it.offline == ["node-1"])
        let plan = Planner.plan(.drain(it.offline), from: it.snapshot, under: it.policy, seed: 0)
        #expect(
            plan.steps.map { "\($0.domainName) \($0.move.target)" }.sorted() == [
                "inst01 node-3", "inst02 node-2",
            ])
    }
}
