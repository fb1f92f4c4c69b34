import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Guests that meet others on their target, or belong to somebody else.
@Suite struct NeighbourCaseTests {
    // MARK: Console ports

    private func console(_ port: Int, _ address: String? = "127.0.0.1", auto: Bool = false)
        -> [ConsolePort]
    { [ConsolePort(port: port, address: address, isAutomatic: auto)] }

    /// Ports were given out by hand, on each host from 5901 on.
    @Test func `a guest does not go where another was given its console's port`() {
        var world = CaseWorld(hosts: 3)
        let web = world.guest("web1") { $0.consolePorts = console(5901) }
        world.guest("web9", on: "host2") { $0.consolePorts = console(5901) }
        #expect(world.drain().targets == ["web1": "host3"])
        #expect(world.judge(web, to: "host2") == ["web1 and web9 use console port 5901"])
        #expect(world.judge(web, to: "host3") == [])
        world.cluster.hosts.removeLast()
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.other])
        #expect(plan.blockers[0].detail.contains("console port 5901 keeps it apart from web9"))
        #expect(plan.blockers[0].remedy.contains("autoport='yes'"))
    }

    @Test func `it goes there after the one that has the port has left`() throws {
        var world = CaseWorld(hosts: 3)
        world.guest("web1") { $0.consolePorts = console(5901) }
        world.guest("web9", on: "host2") { $0.consolePorts = console(5901) }
        // host3 is too small for web1, and web9 has to leave its host as well.
        world.cluster.hosts[2].facts?.memory = .gibibytes(5)
        world.guest("pad", on: "host3", memory: .gibibytes(1))
        world.cluster.domains[1].facts.memory = .gibibytes(2)
        let plan = world.drain()
        #expect(plan.targets == ["web1": "host2", "web9": "host3"])
        let step = try #require(plan.steps.first { $0.domainName == "web1" })
        #expect(step.after.count == 1)
    }

    @Test func `a port that libvirt chose there is taken too, and one that it will choose is not`()
    {
        var world = CaseWorld(hosts: 2)
        let web = world.guest("web1") { $0.consolePorts = console(5900) }
        world.guest("other", on: "host2") { $0.consolePorts = console(5900, auto: true) }
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.other])
        #expect(plan.blockers[0].detail.contains("its console port 5900 is taken there by other"))
        #expect(world.judge(web, to: "host2") == ["web1 and other use console port 5900"])
        // The other way round libvirt takes the next one.
        #expect(world.drain(["host2"]).targets == ["other": "host1"])
        #expect(world.judge(1, to: "host1") == [])
    }

    @Test func `ports on the loopback and on the network are not in each other's way`() {
        var world = CaseWorld(hosts: 2)
        world.guest("web1") { $0.consolePorts = console(5901, "10.0.0.1") }
        world.guest("web9", on: "host2") { $0.consolePorts = console(5901, "127.0.0.1") }
        #expect(world.drain().targets == ["web1": "host2"])
        world.cluster.domains[1].facts.consolePorts = console(5901, "0.0.0.0")
        #expect(world.drain().outcome == .infeasible)
        // Addresses of two hosts differ, and are translated: on one host they are one.
        world.cluster.domains[1].facts.consolePorts = console(5901, "10.0.0.2")
        #expect(world.drain().outcome == .infeasible)
        world.cluster.domains[1].facts.state = .shutOff
        #expect(world.drain().targets == ["web1": "host2"])
    }

    @Test func `two guests with one port do not meet on a third host`() {
        var world = CaseWorld(hosts: 3)
        world.guest("web1") { $0.consolePorts = console(5901) }
        world.guest("web9", on: "host2") { $0.consolePorts = console(5901) }
        #expect(world.drain(["host1", "host2"]).outcome == .infeasible)
    }

    // MARK: Definitions that were left behind

    /// For years guests were moved with `virsh migrate --persistent` and nothing more.
    @Test func `a definition on a third host keeps a guest from that host alone`() {
        var world = CaseWorld(hosts: 3)
        let web = world.guest("web1") { $0.otherDefinitions = ["host3"] }
        #expect(world.drain().targets == ["web1": "host2"])
        #expect(world.judge(web, to: "host3") == ["it has another definition of web1"])
        // With that host alone there is no other way.
        world.cluster.hosts.remove(at: 1)
        let plan = world.drain()
        #expect(plan.outcome == .infeasible)
        #expect(plan.blockers.contains { $0.detail.contains("host3: it has another definition") })
        #expect(plan.blockers.contains { $0.remedy.contains("virsh undefine id-of-web1 on host3") })
    }

    @Test func `it is not shut down for a move while another host could start it`() throws {
        var world = CaseWorld(hosts: 3)
        let web = world.guest("web1") { $0.otherDefinitions = ["host3"] }
        world.policy = try Policy(yaml: "name: x\nmigration: {offline: true}")
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.state])
        #expect(plan.blockers[0].remedy.contains("or move it live"))
        #expect(
            world.judge(web, to: "host2", mode: .offline) == ["web1: host3 could start it too"])
    }

    @Test func `a snapshot of an older kvmbalance says it with a blocker, and means the same`()
        throws
    {
        var world = CaseWorld(hosts: 3)
        world.guest("web1") {
            $0.blockers = [
                Blocker(
                    domain: "web1", host: "host3", reason: .state,
                    detail: "host3 has another definition of this domain (shut-off)",
                    remedy: "if host1 has the right one: virsh undefine id-of-web1 on host3")
            ]
        }
        let read = try JSONDecoder().decode(
            ClusterSnapshot.self, from: JSONEncoder().encode(world.cluster.snapshot))
        let plan = Planner.plan(.drain(["host1"]), from: read, under: .default, seed: 1)
        #expect(PlanChecker.check(plan, on: read, under: .default) == [])
        #expect(plan.targets == ["web1": "host2"])
        #expect(plan.cautions.contains { $0.contains("virsh undefine id-of-web1 on host3") })
    }

    // MARK: Guests of others

    private let nova = GuestManager(name: "OpenStack Nova", sign: "<instance> in its metadata")

    @Test func `a guest of another manager stays until the policy names it`() throws {
        var world = CaseWorld()
        let web = world.guest("instance-0000002a") { $0.manager = nova }
        world.guest("own")
        let plan = world.drain()
        #expect(plan.outcome == .infeasible)
        #expect(plan.blockers.map(\.reason) == [.managed])
        #expect(plan.blockers[0].detail.contains("belongs to OpenStack Nova (<instance> in its"))
        #expect(plan.blockers[0].remedy.contains("'managed' in the policy"))
        #expect(
            world.judge(web, to: "host2")
                == ["instance-0000002a must not move: it belongs to OpenStack Nova"])
        #expect(world.drain(bestEffort: true).targets == ["own": "host2"])
        world.policy = try Policy(yaml: "name: x\nmanaged: [instance-*]")
        #expect(world.drain().targets == ["instance-0000002a": "host2", "own": "host2"])
        #expect(world.judge(web, to: "host2") == [])
    }

    @Test func `its UUID names it too, and another's name does not`() throws {
        var world = CaseWorld()
        world.guest("shop") { $0.manager = GuestManager(name: "oVirt", sign: "…") }
        world.policy = try Policy(yaml: "name: x\nmanaged: [ID-OF-SHOP]")
        #expect(world.drain().targets == ["shop": "host2"])
        world.policy = try Policy(yaml: "name: x\nmanaged: [shop2]")
        #expect(world.drain().outcome == .infeasible)
    }

    @Test func `no other goal moves it either, and nobody keeps room for it`() {
        var world = CaseWorld(hosts: 3)
        for number in 1...6 {
            world.guest("vm\(number)", memory: .gibibytes(9)) { $0.manager = nova }
        }
        let plan = Planner.plan(
            .balance(), from: world.cluster.snapshot, under: world.policy, seed: 1)
        #expect(plan.steps.isEmpty)
        world.policy.nPlusOne = .after
        world.guest("own", on: "host2")
        #expect(world.drain(["host2"]).targets.keys.sorted() == ["own"])
    }

    @Test func `the way out is its manager's`() {
        var world = CaseWorld()
        world.guest("vm") { $0.manager = nova }
        let ways = world.drain().conflict?.relaxations.flatMap(\.self) ?? []
        #expect(ways.contains { $0.contains("shut vm down with OpenStack Nova") }, "\(ways)")
    }

    // MARK: Three that must be apart, on three hosts

    @Test func `a drain that an anti-affinity group forbids names the group and a way out`() throws
    {
        var world = CaseWorld(hosts: 3)
        for number in 1...3 {
            world.guest("etcd\(number)", on: HostName("host\(number)")) {
                $0.antiAffinityGroups = ["etcd"]
            }
        }
        let plan = world.drain()
        #expect(plan.outcome == .infeasible && plan.steps.isEmpty)
        #expect(plan.blockers.map(\.reason) == [.antiAffinity])
        let conflict = try #require(plan.conflict)
        let said = conflict.constraints.map(\.detail).joined(separator: "; ")
        #expect(said.contains("group 'etcd' keeps etcd1, etcd2, etcd3 apart"))
        #expect(conflict.relaxations.joined().contains { $0.contains("group 'etcd'") })
        #expect(conflict.relaxations.joined().contains { $0.contains("shut etcd1 down") })
    }

    // MARK: Guests that do not run as usual

    @Test(arguments: [DomainState.paused, .suspended])
    func `a guest that stands still is moved and counts`(_ state: DomainState) {
        var world = CaseWorld()
        world.guest("web1", memory: .gibibytes(40), state: state)
        #expect(world.drain().targets == ["web1": "host2"])
        world.guest("big", on: "host2", memory: .gibibytes(30), state: state)
        #expect(world.drain().blockers.contains { $0.reason == .memory })
    }

    @Test func `a guest that crashed and was kept is no empty host, and its memory is taken`() {
        var world = CaseWorld()
        let pay = world.guest("pay1", memory: .gibibytes(8), state: .crashed)
        let plan = world.drain()
        #expect(plan.outcome == .infeasible)
        #expect(plan.blockers.map(\.reason) == [.state])
        #expect(plan.blockers[0].remedy.contains("virsh destroy 'pay1'"))
        #expect(world.judge(pay, to: "host2") == ["pay1 must not move: it has crashed"])
        var other = CaseWorld()
        other.guest("web1", memory: .gibibytes(40))
        other.guest("dead", on: "host2", memory: .gibibytes(60), state: .crashed)
        #expect(other.drain().blockers.contains { $0.reason == .memory })
    }

    // MARK: Pins, and pages that are shared

    @Test func `pins that meet others on the target are a caution, with the CPUs`() {
        var world = CaseWorld()
        world.guest("db1") { $0.pinnedCPUs = [2, 3, 4] }
        world.guest("db9", on: "host2") { $0.pinnedCPUs = [4, 5] }
        world.guest("free", on: "host2")
        let said = world.drain().cautions.filter { $0.contains("pinned to CPUs that others") }
        #expect(said.count == 1 && said[0].contains("(4: db9)"), "\(said)")
        world.cluster.domains[1].facts.pinnedCPUs = [5, 6]
        #expect(!world.drain().cautions.contains { $0.contains("pinned to CPUs that others") })
    }

    @Test func `merged pages that come apart are a caution where they are many`() {
        var world = CaseWorld()
        world.guest("win1")
        world.host(1) { $0.ksm = KSMCounters(pagesShared: 1000, pagesSharing: 3 << 20) }
        #expect(world.drain().cautions.contains { $0.contains("host1 saves 12 GiB") })
        world.host(1) { $0.ksm = KSMCounters(pagesShared: 1000, pagesSharing: 1000) }
        #expect(!world.drain().cautions.contains { $0.contains("KSM") })
    }

    // MARK: Remedies

    @Test func `an older snapshot's promise of a cold move is not repeated`() throws {
        var world = CaseWorld()
        world.guest("gpu1") {
            $0.blockers = [
                Blocker(
                    domain: "gpu1", reason: .hostDevice,
                    detail: "pci device 0000:3b:00.0 of its host is passed through",
                    remedy: "detach it (virsh detach-device), or shut the guest down and move it "
                        + "cold")
            ]
        }
        let read = try JSONDecoder().decode(
            ClusterSnapshot.self, from: JSONEncoder().encode(world.cluster.snapshot))
        for policy in ["name: x", "name: x\nmigration: {offline: [gpu1]}"] {
            let plan = Planner.plan(
                .drain(["host1"]), from: read, under: try Policy(yaml: policy), seed: 1)
            #expect(plan.blockers.map(\.reason) == [.hostDevice])
            #expect(plan.blockers.allSatisfy { !$0.remedy.contains("and move it cold") })
            #expect(plan.blockers[0].remedy.contains("a cold move leaves it behind"))
        }
    }
}
