import ClusterModel
import PlacementPolicy
import Planning
import TestSupport
import Testing

/// Where a guest that does not run could be started.
@Suite struct GuestPlacingTests {
    private func guest(
        _ name: String = "new", memory: Bytes = .gibibytes(2), vcpus: Int = 2
    ) -> GuestRequest {
        GuestRequest(
            facts: DomainFacts(id: "new-id", name: name, vcpus: vcpus, memory: memory))
    }

    private func three() -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] { cluster.host(HostName(name)) }
        return cluster
    }

    private func place(
        _ request: GuestRequest, _ cluster: ClusterBuilder, _ policy: Policy = .default
    ) -> GuestPlacement {
        Planner.placement(of: request, in: cluster.snapshot, under: policy)
    }

    private func reasons(_ placement: GuestPlacement) -> [HostName: Blocker.Reason] {
        Dictionary(placement.blockers.compactMap { b in b.host.map { ($0, b.reason) } }) { $1 }
    }

    @Test func `the least loaded host that fits is the first`() {
        var cluster = three()
        cluster.domain("big", on: "host1", memory: .gibibytes(8))
        cluster.domain("huge", on: "host2", memory: .gibibytes(15))
        cluster.domain("busy", on: "host3", cpu: [12_000])
        let found = place(guest(), cluster)
        // Memory of the one is less full than the CPU of the other.
        #expect(found.choices.map(\.host) == ["host1", "host3"])
        #expect(found.choices[1].cpuShare == (12_000 + 2 * 250) * 10_000 / 16_000)
        #expect(reasons(found) == ["host2": .memory])
        #expect(found.blockers[0].detail.contains("of memory short"))
    }

    @Test func `hosts that take nothing say why`() {
        var cluster = three()
        cluster.hosts[0].inMaintenance = true
        cluster.hosts[1].fault = "no route to host"
        let found = place(guest(), cluster)
        #expect(found.choices.map(\.host) == ["host3"])
        #expect(reasons(found) == ["host1": .maintenance, "host2": .unreachable])
    }

    @Test func `the policy's rules hold for the name`() throws {
        var cluster = three()
        cluster.domain("web1", on: "host1")
        cluster.domain("web2", on: "host2")
        cluster.domain("db1", on: "host3")
        let policy = try Policy(
            yaml: """
                name: rules
                antiAffinity: [{name: webs, domains: [web*]}]
                affinity: [{name: dbs, domains: [db*]}]
                ban: [{domains: [lone], hosts: [host1]}]
                fence: [{domains: [fenced], hosts: [host2]}]
                """)
        func hosts(_ name: String) -> Set<HostName> {
            Set(place(guest(name), cluster, policy).choices.map(\.host))
        }
        #expect(hosts("web3") == ["host3"])
        #expect(hosts("db2") == ["host3"])
        #expect(hosts("lone") == ["host2", "host3"])
        #expect(hosts("fenced") == ["host2"])
        #expect(hosts("web1") == ["host3"], "also libvirt's rule on names")
        let apart = place(guest("web3"), cluster, policy)
        #expect(apart.blockers[0].detail == "group 'webs' keeps it apart from web1")
    }

    @Test func `what it needs must be there`() {
        var cluster = three()
        cluster.hosts[0].facts?.networks = ["default", "dmz"]
        cluster.hosts[1].facts?.networks = ["dmz"]
        cluster.hosts[2].facts?.bridges = []
        var pool = ClusterBuilder.local
        pool.available = .gibibytes(10)
        for index in 0..<2 { cluster.hosts[index].facts?.pools = [pool] }
        pool.available = .gibibytes(50)
        cluster.hosts[0].facts?.pools = [pool]
        cluster.hosts[2].facts?.pools = []
        cluster.hosts[2].facts?.inactivePools = [pool]
        var request = guest()
        request.facts.interfaces = [.network("dmz")]
        #expect(Set(place(request, cluster).choices.map(\.host)) == ["host1", "host2"])
        request.facts.interfaces = [.bridge("br0")]
        #expect(Set(place(request, cluster).choices.map(\.host)) == ["host1", "host2"])
        request.facts.interfaces = []
        (request.pool, request.disk) = ("default", .gibibytes(20))
        let found = place(request, cluster)
        #expect(found.choices.map(\.host) == ["host1"])
        #expect(found.blockers[0].detail == "10 GiB short in its pool 'default' (10 GiB free)")
        #expect(found.blockers[1].detail == "its pool 'default' is not active")
    }

    @Test func `a guest wider than a host is placed there only if the policy says so`() throws {
        let cluster = three()
        #expect(place(guest(vcpus: 20), cluster).choices.isEmpty)
        let policy = try Policy(yaml: "name: wide\nwideGuests: [new]\n")
        #expect(place(guest(vcpus: 20), cluster, policy).choices.count == 3)
    }

    @Test func `where its memory spans cells comes last`() {
        var cluster = ClusterBuilder()
        let half = (0..<2).map { NUMACell(id: $0, memory: .gibibytes(8)) }
        cluster.host("host1", cells: half)
        cluster.host("host2", cells: [NUMACell(id: 0, memory: .gibibytes(16))])
        cluster.domain("other", on: "host2", memory: .gibibytes(3))
        let found = place(guest(memory: .gibibytes(10)), cluster)
        #expect(found.choices.map(\.host) == ["host2", "host1"])
        #expect(found.choices.map(\.isSplit) == [false, true])
    }

    @Test func `room for the failure of a host is kept`() throws {
        var cluster = three()
        for host in ["host1", "host2", "host3"] {
            for number in 0..<3 {
                cluster.domain(
                    "\(host)-\(number)", on: HostName(host), memory: .gibibytes(3), cpu: [10])
            }
        }
        let policy = try Policy(yaml: "name: spare\nnPlusOne: after\n")
        let large = guest(memory: .gibibytes(5), vcpus: 1)
        #expect(place(large, cluster).choices.count == 3)
        let found = place(large, cluster, policy)
        #expect(found.choices.isEmpty)
        #expect(found.blockers.allSatisfy { $0.reason == .nPlusOne })
        #expect(place(guest(memory: .mebibytes(64), vcpus: 1), cluster, policy).choices.count == 3)
    }

    @Test func `failures are asked about for the least loaded of many hosts`() throws {
        var cluster = ClusterBuilder()
        for number in 1...30 { cluster.host(HostName("host\(number)")) }
        let policy = try Policy(yaml: "name: spare\nnPlusOne: after\n")
        let found = place(guest(), cluster, policy)
        #expect(found.choices.count == 20 && found.blockers.count == 10)
        #expect(found.blockers.allSatisfy { $0.detail.hasPrefix("not looked at") })
    }

    /// Whether its image is what lies under that path elsewhere, nobody knows.
    @Test func `one that is shut off can start where its disk is`() throws {
        var cluster = three()
        cluster.domain("off", on: "host1", state: .shutOff, disk: "/srv/off.qcow2")
        var facts = cluster.domains[0].facts
        facts.state = .running
        let found = place(GuestRequest(facts: facts, model: "host1"), cluster)
        #expect(found.choices.map(\.host) == ["host1"])
        #expect(reasons(found) == ["host2": .storageUnknown, "host3": .storageUnknown])
    }

    /// `move` may do all that `place` may, and make room besides: what it could not do either would
    /// be wrong.
    @Test func `a host that is proposed could also be moved to`() {
        var proposed = 0
        for seed in 0..<300 as Range<UInt64> {
            var cluster = RandomCluster.troubled(seed: seed)
            let request = guest(memory: .gibibytes(Int64(1 + seed % 6)))
            let found = place(request, cluster)
            #expect(found.choices.count + found.blockers.count == cluster.hosts.count)
            cluster.host("elsewhere", memory: .gibibytes(64), cpus: 64)
            var facts = request.facts
            facts.guest.machineType = "pc-q35-7.2"
            cluster.domains.append(Domain(facts: facts, host: "elsewhere", demand: .unknown))
            for choice in found.choices {
                proposed += 1
                let wishes = PlanWishes(moves: cluster.named(["new"]), to: [choice.host])
                let plan = Planner.plan(
                    .move(wishes), from: cluster.snapshot, under: .default, seed: 1,
                    effort: SearchEffort(explainsConflicts: false))
                #expect(
                    plan.outcome == .plan && plan.steps.count == 1,
                    "seed \(seed), \(choice.host): \(plan.blockers)")
            }
        }
        #expect(proposed > 300)
    }
}
