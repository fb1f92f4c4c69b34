import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// What hosts really have to give.
@Suite struct CapacityCaseTests {
    // MARK: More virtual CPUs than CPUs

    /// At night the guest is idle, and the small host looks as good as the big one.
    @Test func `a guest is not sent to a host with fewer CPUs than it has virtual ones`() throws {
        var world = CaseWorld(hosts: 3)
        let sql = world.guest("sql1") { $0.vcpus = 32 }
        world.host(1) { $0.cpu.logicalCPUs = 64 }
        world.host(3) { $0.cpu.logicalCPUs = 64 }
        world.guest("pad", on: "host3", memory: .gibibytes(50))
        #expect(world.drain().targets == ["sql1": "host3"])
        #expect(world.judge(sql, to: "host2") == ["sql1: 32 virtual CPUs on 16 CPUs"])
        world.cluster.hosts.removeLast()
        world.cluster.domains.removeLast()
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.cpu])
        #expect(plan.blockers[0].detail.contains("32 virtual CPUs, and 16 CPUs are there"))
        world.policy = try Policy(yaml: "name: x\nwideGuests: [sql*]")
        let allowed = world.drain()
        #expect(allowed.targets == ["sql1": "host2"])
        #expect(allowed.cautions.contains { $0.contains("32 virtual CPUs, and 16 CPUs") })
        #expect(world.judge(sql, to: "host2") == [])
    }

    @Test func `where its own host has no more it is no worse off`() {
        var world = CaseWorld()
        world.guest("sql1") { $0.vcpus = 32 }
        #expect(world.drain().targets == ["sql1": "host2"])
        world.host(2) { $0.cpu.logicalCPUs = 8 }
        #expect(world.drain().blockers.map(\.reason) == [.cpu])
    }

    @Test func `a guest returns to where it was wider than its host`() {
        var world = CaseWorld()
        world.guest("sql1", on: "host2") { $0.vcpus = 12 }
        world.host(1) { $0.cpu.logicalCPUs = 8 }
        let home = ReturnMove("id-of-sql1", home: "host1", displacedAt: "host2")
        let plan = Planner.plan(
            .return([home]), from: world.cluster.snapshot, under: world.policy, seed: 1)
        #expect(plan.targets == ["sql1": "host1"])
        #expect(PlanChecker.check(plan, on: world.cluster.snapshot, under: world.policy) == [])
    }

    // MARK: What others use

    /// 50 GiB of ZFS cache and storage daemons, which burn CPUs too.
    private func hyperconverged() -> CaseWorld {
        var world = CaseWorld(hosts: 3)
        world.guest("big1", memory: .gibibytes(24))
        world.guest("s2", on: "host2")
        world.guest("s3", on: "host3")
        world.cluster.hosts[1].load = HostLoad(cpu: 6500, memoryAvailable: .gibibytes(6))
        world.cluster.hosts[2].load = HostLoad(cpu: 500, memoryAvailable: .gibibytes(58))
        return world
    }

    @Test func `memory that daemons hold is not given to guests`() {
        var world = hyperconverged()
        #expect(world.drain().targets == ["big1": "host3"])
        #expect(world.judge(0, to: "host2").contains { $0.contains("memory of host2") })
        #expect(world.judge(0, to: "host3") == [])
        world.cluster.hosts[2].inMaintenance = true
        let plan = world.drain()
        #expect(plan.outcome == .infeasible)
        #expect(plan.blockers.contains { $0.reason == .memory })
        let said = plan.conflict?.constraints.map(\.detail).joined(separator: "; ") ?? ""
        #expect(said.contains("54 GiB") || said.contains("53"), "\(said)")
        world.policy.reserve.countsOthers = false
        #expect(world.drain().targets == ["big1": "host2"])
        // Of one host alone its fleet file says it.
        world.cluster.hosts[1].reserve = Reserve(countsOthers: true)
        #expect(world.drain().outcome == .infeasible)
        world.policy.reserve.countsOthers = true
        world.cluster.hosts[1].reserve = Reserve(countsOthers: false)
        #expect(world.drain().targets == ["big1": "host2"])
    }

    @Test func `what guests hold is theirs, measured or not`() {
        var world = CaseWorld()
        world.guest("web1", memory: .gibibytes(20))
        world.guest("db", on: "host2", memory: .gibibytes(40))
        // The database has filled its memory; nobody measured it.
        world.cluster.hosts[1].load = HostLoad(memoryAvailable: .gibibytes(23))
        #expect(world.drain().targets == ["web1": "host2"])
        // It holds 10 GiB: somebody else has the 30 GiB.
        world.cluster.domains[1].resident = .gibibytes(10)
        #expect(world.drain().outcome == .infeasible)
        world.cluster.hosts[1].load = HostLoad(memoryAvailable: .gibibytes(53))
        #expect(world.drain().targets == ["web1": "host2"])
        // Merged pages are in the sizes of several guests, and in memory once.
        world.cluster.domains[1].resident = .gibibytes(40)
        world.host(2) { $0.ksm = KSMCounters(pagesShared: 1, pagesSharing: 30 << 18) }
        #expect(world.drain().targets == ["web1": "host2"])
        world.cluster.hosts[1].load = HostLoad(memoryAvailable: .gibibytes(23))
        #expect(world.drain().outcome == .infeasible)
    }

    @Test func `a host's own reserve is enough where others use less than it`() {
        var world = CaseWorld()
        world.guest("web1", memory: .gibibytes(50))
        world.cluster.hosts[1].reserve = Reserve(memory: .gibibytes(12), cpu: .zero)
        world.cluster.hosts[1].load = HostLoad(memoryAvailable: .gibibytes(54))
        #expect(world.drain().targets == ["web1": "host2"])
        world.cluster.hosts[1].load = HostLoad(memoryAvailable: .gibibytes(45))
        #expect(world.drain().outcome == .infeasible)
    }

    @Test func `balance does not send guests to a host whose CPUs others use`() {
        var world = CaseWorld(hosts: 3)
        for number in 1...8 {
            world.guest("web\(number)", memory: .gibibytes(1))
            world.cluster.domains[number - 1].demand = Demand(cpu: [1900], samples: 10)
        }
        world.cluster.hosts[1].load = HostLoad(cpu: 14_000, cpuOfOthers: 14_000)
        world.policy.balance.measures = [.cpu]
        let plan = Planner.plan(
            .balance(), from: world.cluster.snapshot, under: world.policy, seed: 1)
        #expect(PlanChecker.check(plan, on: world.cluster.snapshot, under: world.policy) == [])
        #expect(plan.outcome == .plan)
        #expect(plan.steps.allSatisfy { $0.move.target == "host3" }, "\(plan.targets)")
    }

    @Test func `what moves in a plan takes its own load with it, and nobody else's`() {
        var world = hyperconverged()
        world.cluster.hosts[0].load = HostLoad(memoryAvailable: .gibibytes(30))
        let once = world.policy.measured(world.cluster.snapshot)
        #expect(once.hosts[1].usedByOthers?.memory.map { $0 > .gibibytes(53) } == true)
        #expect(once.hosts[1].usedByOthers?.cpu == 6400)
        #expect(world.policy.measured(once) == once)
        let moved = once.applying([
            Move(domain: "id-of-big1", source: "host1", target: "host3")
        ])
        #expect(world.policy.measured(moved).hosts == once.hosts)
    }

    // MARK: A guest that never converges

    @Test func `a guest that rewrites faster than its link is a blocker before anything starts`()
        throws
    {
        var world = CaseWorld()
        let ora = world.guest("ora1", memory: .gibibytes(48))
        world.cluster.domains[ora].dirtyRates = DirtyRates(rate: .gibibytes(2))
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.convergence])
        #expect(plan.blockers[0].remedy.contains("whenStuck: post-copy"))
        world.policy = try Policy(yaml: "name: x\nmigration: {whenStuck: post-copy}")
        let early = world.drain()
        #expect(early.targets == ["ora1": "host2"])
        #expect(early.cautions.contains { $0.contains("post-copy") })
    }

    @Test func `a guest that is off needs no CPUs, and one without a state is not overlooked`() {
        var world = CaseWorld()
        world.host(2) { $0.cpu.logicalCPUs = 2 }
        world.policy.migration.offline = ["*"]
        let off = world.guest("off", state: .shutOff) { $0.vcpus = 24 }
        #expect(world.drain().targets == ["off": "host2"])
        #expect(world.judge(off, to: "host2", mode: .offline) == [])
        world.guest("odd", state: .unknown)
        let plan = world.drain()
        #expect(plan.outcome == .infeasible)
        #expect(plan.blockers.contains { $0.domain == "odd" && $0.remedy.contains("domstate") })
    }

    @Test func `a crashed guest is not told to be shut down`() {
        var world = CaseWorld()
        world.guest("pay", state: .crashed)
        let ways = world.drain().conflict?.relaxations.flatMap { $0 } ?? []
        #expect(ways.contains { $0.contains("virsh destroy") }, "\(ways)")
        #expect(!ways.contains { $0.hasPrefix("shut pay down") }, "\(ways)")
    }

    @Test func `one host drained, nobody is told to drain fewer`() {
        var world = CaseWorld()
        world.guest("a", memory: .gibibytes(40))
        world.guest("b", memory: .gibibytes(40))
        let plan = world.drain()
        #expect(plan.outcome == .infeasible)
        #expect(!plan.blockers.contains { $0.remedy.contains("drain fewer") }, "\(plan.blockers)")
        #expect(plan.blockers.contains { $0.detail.contains("short on host2") })
    }
}
