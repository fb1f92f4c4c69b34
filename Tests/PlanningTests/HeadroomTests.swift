import ClusterModel
import PlacementPolicy
import Planning
import TestSupport
import Testing

/// What a fleet has room for beyond what runs in it.
@Suite struct HeadroomTests {
    private func three() -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] { cluster.host(HostName(name)) }
        return cluster
    }

    private func request(
        memory: Bytes = .gibibytes(3), group: String? = nil
    ) -> GuestRequest {
        var facts = DomainFacts(id: "(new)", name: "new", memory: memory)
        facts.antiAffinityGroups = group.map { [$0] } ?? []
        return GuestRequest(facts: facts)
    }

    private func headroom(
        _ request: GuestRequest? = nil, _ cluster: ClusterBuilder, _ policy: Policy = .default
    ) -> FleetHeadroom {
        Planner.headroom(for: request, in: cluster.snapshot, under: policy)
    }

    private func counts(_ room: FleetHeadroom.Room?) -> [HostName: Int] {
        Dictionary((room?.hosts ?? []).map { ($0.host, $0.guests) }) { $1 }
    }

    @Test func `each host takes what fits, and one in maintenance nothing`() throws {
        var cluster = three()
        cluster.domain("big", on: "host1", memory: .gibibytes(11))
        cluster.hosts[1].inMaintenance = true
        let room = try #require(headroom(request(), cluster).room)
        #expect(counts(room) == ["host1": 1, "host3": 5] && room.count == 6)
        #expect(room.blockers.map(\.host) == ["host2"] && !room.isCut && !room.keepsSpareRoom)
        // As many can be placed one after the other, and no more.
        for number in 0..<room.count {
            let found = Planner.placement(
                of: request(), in: cluster.snapshot, under: .default)
            let host = try #require(found.choices.first?.host, "after \(number)")
            cluster.domain("new\(number)", on: host, memory: .gibibytes(3))
        }
        #expect(
            Planner.placement(of: request(), in: cluster.snapshot, under: .default).choices.isEmpty)
        #expect(headroom(request(), cluster).room?.count == 0)
    }

    @Test func `a loss that does not fit names who finds no place`() throws {
        var cluster = three()
        cluster.domain("a", on: "host1", memory: .gibibytes(10))
        cluster.domain("small", on: "host1", memory: .gibibytes(2))
        cluster.domain("b", on: "host2", memory: .gibibytes(10))
        cluster.domain("c", on: "host3", memory: .gibibytes(12))
        let found = headroom(nil, cluster)
        #expect(found.room == nil && found.hosts == ["host1", "host2", "host3"])
        #expect(found.losses.map(\.host) == ["host1", "host2", "host3"])
        #expect(found.losses.map { $0.guests.map(\.name) } == [["a"], ["b"], ["c"]])
        let loss = try #require(found.losses.first)
        #expect(loss.memory == .gibibytes(10))
        let detail = loss.detail
        #expect(
            detail.hasPrefix("6") && detail.contains(" GiB of memory short on host"), "\(detail)")
        cluster.host("host4")
        #expect(headroom(nil, cluster).losses.isEmpty)
    }

    @Test func `who can run nowhere else is told apart`() {
        var cluster = three()
        let index = cluster.domain("gpu", on: "host1", memory: .gibibytes(14))
        cluster.domain("b", on: "host2", memory: .gibibytes(4))
        cluster.domains[index].facts.blockers = [
            Blocker(domain: "gpu", reason: .hostDevice, detail: "pci", remedy: "detach it")
        ]
        cluster.domain("gone", on: "host3")
        cluster.hosts[2].fault = "no route to host"
        let found = headroom(nil, cluster)
        #expect(found.bound == ["host1": ["gpu"]] && found.unreachable == ["host3"])
        #expect(found.hosts == ["host2"])
        #expect(found.losses.map(\.host) == ["host2"], "14 of 16 GiB are taken on host1")
    }

    @Test func `with n plus one as many as any host may fail with`() throws {
        let policy = try Policy(yaml: "name: spare\nnPlusOne: after\n")
        #expect(headroom(request(), three()).room?.count == 15)
        let room = try #require(headroom(request(), three(), policy).room)
        // Two hosts hold ten, so that the third may fail.
        #expect(room.count == 10 && room.keepsSpareRoom)
        #expect(counts(room).values.sorted() == [3, 3, 4])
        // What is broken already is not held against them.
        var full = three()
        for host in ["host1", "host2", "host3"] as [HostName] {
            full.domain("on-\(host)", on: host, memory: .gibibytes(11))
        }
        #expect(headroom(request(), full, policy).losses.count == 3)
        // Two find a place on the third host when theirs fails; three do not.
        #expect(headroom(request(), full, policy).room?.count == 2)
    }

    @Test func `guests of one anti-affinity group share no host`() throws {
        #expect(counts(headroom(request(group: "g"), three()).room).values.sorted() == [1, 1, 1])
        var zones = three()
        for index in 0...1 { zones.hosts[index].zone = "rack" }
        #expect(headroom(request(group: "g"), zones).room?.count == 3)
        let policy = try Policy(
            yaml: "name: z\nantiAffinity: [{name: n, domains: ['new*'], scope: zone}]\n")
        #expect(headroom(request(), zones, policy).room?.count == 2)
        // One that runs already has its place.
        zones.domain("new-a", on: "host3")
        #expect(headroom(request(), zones, policy).room?.count == 1)
    }

    @Test func `what is more than anybody asks for is not counted`() {
        var cluster = ClusterBuilder()
        cluster.host("host1", memory: .gibibytes(200_000), cpus: 8192)
        let room = headroom(request(memory: .gibibytes(1)), cluster).room
        #expect(room?.count == 10_000 && room?.isCut == true)
    }
}
