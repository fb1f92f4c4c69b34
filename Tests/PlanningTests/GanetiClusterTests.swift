import ClusterModel
import TestSupport
import Testing

@Suite struct GanetiClusterTests {
    private let text = """
        group-01|uuid-01|preferred||

        h0|16384|1024|7168|1000|1000|8|M|uuid-01|1||N|0|2|1.0
        h1|32768|1024|31744|1000|1000|16|Y|uuid-01|1||N|0|2|1.0

        web1|4096|20480|4|running|Y|h0||ext|service:web|1|1|N
        web2|4096|20480|2|running|Y|h0||plain|service:web,other|1|1|N
        off|2048|20480|1|ADMIN_down|Y|h1||ext||1|1|N

        htools:iextags:service

        """

    @Test func `hosts, domains and what the hosts keep for themselves are read`() throws {
        let snapshot = try GanetiCluster(text, utilization: "web1 0.25 0.5 0 0\n").snapshot
        #expect(snapshot.hosts.map(\.name) == ["h0", "h1"])
        #expect(snapshot.host("h1")?.inMaintenance == true)
        let itself = try #require(snapshot.domain("id-of-h0-itself"))
        #expect(itself.facts.memory == .mebibytes(1024) && itself.facts.isPinned)
        let web1 = try #require(snapshot.domain("id-of-web1"))
        #expect(web1.demand.cpu == [2000] && web1.facts.antiAffinityGroups == ["service:web"])
        #expect(snapshot.domain("id-of-web2")?.demand.cpu == [2000])
        #expect(snapshot.domain("id-of-off")?.facts.state == .shutOff)
    }

    @Test(arguments: [
        ("h0|16384", "h0|x", "line 3: column 2 must be a whole number"),
        ("|h0||ext", "|h9||ext", "line 6: there is no host h9"),
        ("\n\n", "\n", "line 1: groups, hosts and instances must be three sections"),
    ])
    func `what cannot be read is said with its line`(old: String, new: String, message: String) {
        let error = #expect(throws: GanetiCluster.Malformed.self) {
            _ = try GanetiCluster(text.replacing(old, with: new))
        }
        #expect(error?.description == message)
    }
}
