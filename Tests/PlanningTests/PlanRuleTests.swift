import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// What the moment forbids is known to whoever plans, whatever the plan is for; and the judge holds
/// it by its own hand.
@Suite struct PlanRuleTests {
    /// Rewrites 4 GiB again and again within a second, which no link here carries.
    private static let busy = DirtyRates(
        hotSet: .gibibytes(4), hotMilliseconds: 1000, coldRate: .gibibytes(1))

    /// host1 is full of guests that ask for much, of which one is busy; the others are nearly
    /// empty.
    private func cluster(isBusy: Bool = true) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] { cluster.host(HostName(name), cpus: 4) }
        for name in ["busy", "calm"] {
            cluster.domain(name, on: "host1", memory: .gibibytes(6), vcpus: 4, cpu: [2400])
        }
        cluster.domain("small", on: "host2")
        if isBusy { cluster.domains[0].dirtyRates = Self.busy }
        return cluster
    }

    private static let requests: [PlanRequest] = [
        .drain(["host1"], bestEffort: true), .balance(),
        .return([ReturnMove("id-of-busy", home: "host3")], bestEffort: true),
        .moves([Move(domain: "id-of-busy", source: "host1", target: "host2")], bestEffort: true),
    ]

    @Test(arguments: requests)
    func `no plan moves a guest whose migration would not end`(request: PlanRequest) {
        var cluster = cluster()
        cluster.domains[1].dirtyRates = Self.busy
        let world = cluster.snapshot
        let plan = Planner.plan(request, from: world, under: .default, seed: 1)
        #expect(!plan.moves.contains { $0.source == "host1" }, "\(plan.moves)")
        #expect(PlanChecker.check(plan, on: world, under: .default) == [])
        // It is for that alone.
        let calm = Planner.plan(
            request, from: self.cluster(isBusy: false).snapshot, under: .default, seed: 1)
        #expect(calm.moves.contains { $0.source == "host1" })
    }

    @Test func `no host is emptied of a guest whose migration would not end`() {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] {
            cluster.host(HostName(name))
            cluster.domain("on-\(name)", on: HostName(name))
        }
        let emptied = { (cluster: ClusterBuilder) in
            Planner.plan(.consolidate(), from: cluster.snapshot, under: .default, seed: 1).moves
        }
        #expect(emptied(cluster).count == 2)
        for index in cluster.domains.indices { cluster.domains[index].dirtyRates = Self.busy }
        #expect(emptied(cluster).isEmpty)
    }

    @Test func `the blocker says what is the case`() throws {
        let plan = Planner.plan(
            .drain(["host1"]), from: cluster().snapshot, under: .default, seed: 1)
        #expect(plan.outcome == .infeasible)
        let blocker = try #require(plan.blockers.first)
        #expect(blocker.domain == "busy" && blocker.reason == .convergence)
        #expect(
            blocker.detail.hasPrefix("its migration would not end: it rewrites 4 GiB within 1 s"))
        var policy = Policy.default
        policy.migration.whenStuck = .postcopy
        let other = Planner.plan(
            .drain(["host1"]), from: cluster().snapshot, under: policy, seed: 1)
        #expect(other.outcome == .plan)
    }

    @Test func `a rolling reboot leaves such a host out, and says why as a drain does`() {
        let world = cluster().snapshot
        let reboot = Planner.rollingReboot(
            bestEffort: true, from: world, under: .default, seed: 1)
        #expect(PlanChecker.check(reboot, on: world, under: .default) == [])
        #expect(!reboot.rounds.flatMap(\.hosts).contains("host1"))
        let drain = Planner.plan(.drain(["host1"]), from: world, under: .default, seed: 1)
        #expect(reboot.blockers.filter { $0.reason == .convergence } == drain.blockers)
        #expect(drain.blockers.count == 1)
    }

    /// What goes from host1 to host2 would not come back: that way is a hundred times narrower.
    @Test func `a round of reboots sends nobody home over links that are too narrow`() {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2"] { cluster.host(HostName(name)) }
        cluster.domain("guest", on: "host1", memory: .gibibytes(4))
        // 100 MiB within a second: a link of 10 Gbit/s carries that, a hundredth of it does not.
        cluster.domains[0].dirtyRates = DirtyRates(
            hotSet: .mebibytes(100), hotMilliseconds: 1000, coldRate: .mebibytes(1))
        var calibration = TransferCalibration()
        var slow = TransferFit.assumed
        slow.efficiencyPermille = 10
        calibration.pairs = [
            TransferCalibration.Pair(source: "host2", target: "host1", fit: slow)
        ]
        var world = cluster.snapshot
        world.calibration = calibration
        let reboot = Planner.rollingReboot(["host1"], from: world, under: .default, seed: 1)
        #expect(PlanChecker.check(reboot, on: world, under: .default) == [])
        let backs = reboot.rounds.compactMap(\.back)
        #expect(backs.allSatisfy { $0.steps.isEmpty })
        #expect(backs.flatMap(\.blockers).map(\.reason) == [.convergence])
    }

    @Test(arguments: [false, true])
    func `a host that cannot be asked is named, and never taken for empty`(bestEffort: Bool) {
        var cluster = cluster(isBusy: false)
        cluster.host("host4")
        cluster.hosts[3].fault = "no route to host"
        cluster.hosts[3].facts = nil
        let world = cluster.snapshot
        let alone = Planner.plan(
            .drain(["host4"], bestEffort: bestEffort), from: world, under: .default, seed: 1)
        #expect(alone.outcome == .infeasible && alone.conflict == nil)
        #expect(alone.blockers.map(\.host) == ["host4"])
        #expect(alone.blockers.map(\.reason) == [.unreachable])
        // What is known of the others leaves where that is enough.
        let both = Planner.plan(
            .drain(["host2", "host4"], bestEffort: bestEffort), from: world, under: .default,
            seed: 1)
        #expect(both.outcome == (bestEffort ? .plan : .infeasible))
        #expect(both.steps.map(\.domainName) == (bestEffort ? ["small"] : []))
        #expect(both.blockers == alone.blockers)
        #expect(PlanChecker.check(both, on: world, under: .default) == [])
        // A rolling reboot says the same.
        let reboot = Planner.rollingReboot(["host4"], from: world, under: .default, seed: 1)
        #expect(reboot.blockers == alone.blockers)
    }

    // MARK: The judge

    @Test func `the judge refuses a step whose migration would not end`() throws {
        let calm = Planner.plan(
            .drain(["host1"]), from: cluster(isBusy: false).snapshot, under: .default, seed: 1)
        #expect(calm.outcome == .plan)
        let found = PlanChecker.check(calm, on: cluster().snapshot, under: .default)
        let step = try #require(calm.steps.first { $0.domainName == "busy" })
        #expect(found.map(\.rule) == [.mobility] && found.map(\.step) == [step.id])
        #expect(found.first?.detail.contains("busy must not move: it rewrites 4 GiB") == true)
        for change in [
            { $0.whenStuck = .suspend }, { $0.postcopy = true }, { $0.whenStuck = .wait },
        ] as [(inout MigrationOptions) -> Void] {
            var other = calm
            change(&other.options)
            #expect(PlanChecker.check(other, on: cluster().snapshot, under: .default) == [])
        }
    }

    @Test func `the judge refuses a drain that is done with a host nobody could ask`() {
        var cluster = cluster(isBusy: false)
        cluster.domains.removeAll { $0.host == "host1" }
        let done = Planner.plan(
            .drain(["host1"]), from: cluster.snapshot, under: .default, seed: 1)
        #expect(done.outcome == .nothingToDo)
        cluster.hosts[0].fault = "no route to host"
        let found = PlanChecker.check(done, on: cluster.snapshot, under: .default)
        #expect(found.map(\.rule) == [.drain] && found.map(\.host) == ["host1"])
    }

    /// What the planner holds to be possible the judge must not refuse.
    @Test func `the judge is no stricter than the planner`() {
        var random = SeededGenerator(seed: 7)
        var (moved, held) = (0, 0)
        for seed in UInt64(1)...400 {
            var cluster = ClusterBuilder()
            for name in ["host1", "host2", "host3"] { cluster.host(HostName(name)) }
            for index in cluster.hosts.indices {
                cluster.hosts[index].linkMbps = Int.random(in: 1...40, using: &random) * 100
            }
            for number in 1...3 {
                let index = cluster.domain("vm\(number)", on: "host1", memory: .gibibytes(3))
                cluster.domains[index].dirtyRates = DirtyRates(
                    hotSet: .mebibytes(Int64.random(in: 0...400, using: &random)),
                    hotMilliseconds: Int64.random(in: 200...4000, using: &random),
                    coldRate: .mebibytes(Int64.random(in: 0...300, using: &random)))
            }
            var policy = Policy.default
            policy.migration.autoConverge = seed % 4 == 0
            if seed % 3 == 0 { policy.migration.maxDowntimeMilliseconds = 2000 }
            if seed % 5 == 0 { policy.migration.bandwidth = 40 }
            if seed % 10 == 0 { policy.migration.maxBandwidth = 120 }
            let world = cluster.snapshot
            let plan = Planner.plan(
                .drain(["host1"], bestEffort: true), from: world, under: policy, seed: seed)
            moved += plan.steps.count
            held += plan.blockers.count { $0.reason == .convergence }
            #expect(PlanChecker.check(plan, on: world, under: policy) == [], "seed \(seed)")
        }
        #expect(moved > 200 && held > 200, "\(moved) moved, \(held) held")
    }

    // MARK: Whom a request moves

    @Test func `who is likely to move is known without a search`() {
        var cluster = cluster(isBusy: false)
        cluster.domain("off", on: "host1", state: .shutOff)
        let movers = { (request: PlanRequest, cluster: ClusterBuilder) in
            Planner.likelyMovers(
                for: request, in: cluster.snapshot, under: .default, longerThan: 5000)?
                .map(\.domain.rawValue)
        }
        // 6 GiB take 5.2 s at 10 Gbit/s, and a second for the rest; 1 GiB is sent in less than one.
        #expect(movers(.drain(["host1"]), cluster) == ["id-of-busy", "id-of-calm"])
        #expect(movers(.drain(["host2"]), cluster) == [])
        let home = ReturnMove("id-of-calm", home: "host3", displacedAt: "host1")
        #expect(movers(.return([home]), cluster) == ["id-of-calm"])
        let gone = ReturnMove("id-of-calm", home: "host3", displacedAt: "host2")
        #expect(movers(.return([gone]), cluster) == [])
        #expect(movers(.balance(), cluster) == nil)
        #expect(movers(.consolidate(), cluster) == nil)
        // One that is small and was sampled to be busy is not known to be over soon.
        var sampled = cluster
        sampled.domains[2].dirtyRate = .gibibytes(8)
        #expect(movers(.drain(["host2"]), sampled) == ["id-of-small"])
        // Nobody is measured for a drain that cannot be.
        var held = cluster
        held.domains[0].facts.isPinned = true
        #expect(movers(.drain(["host1"]), held) == [])
        #expect(movers(.drain(["host1"], bestEffort: true), held) == ["id-of-calm"])
        var full = cluster
        for index in 1...2 { full.hosts[index].inMaintenance = true }
        #expect(movers(.drain(["host1"]), full) == [])
    }
}
