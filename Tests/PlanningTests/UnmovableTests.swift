import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Guests that cannot be moved at all, and what a drain does with them.
@Suite struct UnmovableTests {
    /// What keeps a guest where it is.
    enum Kind: String, CaseIterable {
        case hostDevice, localDisk, snapshot
    }

    private static func cluster(_ kind: Kind) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2"] { cluster.host(HostName(name)) }
        cluster.domain("plain", on: "host1")
        cluster.domain(
            "stuck", on: "host1",
            disk: kind == .localDisk ? "/var/lib/libvirt/images/stuck.qcow2" : nil)
        cluster.domains[1].facts.disks[0].allocation = .gibibytes(3)
        for index in cluster.hosts.indices {
            cluster.hosts[index].facts?.pools[0].available = .gibibytes(10)
        }
        switch kind {
        case .hostDevice: cluster.domains[1].facts.blockers = [blocker(.hostDevice)]
        case .snapshot: cluster.domains[1].facts.blockers = [blocker(.snapshot)]
        case .localDisk: break
        }
        return cluster
    }

    private static func blocker(_ reason: Blocker.Reason) -> Blocker {
        Blocker(domain: "stuck", reason: reason, detail: "it has one", remedy: "take it away")
    }

    private static func policy(_ unmovable: String?) throws -> Policy {
        let line = unmovable.map { "unmovable: \($0)\n" } ?? ""
        var policy = try Policy(yaml: "name: x\n" + line)
        policy.reserve = Reserve(memory: .zero, cpu: .zero)
        return policy
    }

    private static func drain(
        _ cluster: ClusterBuilder, _ policy: Policy, bestEffort: Bool = false,
        change: (inout PlanRequest) -> Void = { _ in }
    ) -> MigrationPlan {
        var request = PlanRequest.drain(["host1"], bestEffort: bestEffort)
        change(&request)
        let plan = Planner.plan(request, from: cluster.snapshot, under: policy, seed: 1)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: policy) == [])
        return plan
    }

    private static func mode(_ plan: MigrationPlan, _ name: String = "stuck") -> Step.Mode? {
        plan.steps.first { $0.domainName == name }?.mode
    }

    /// nil where the drain is refused.
    private static func expected(_ kind: Kind, _ action: UnmovableAction) -> Step.Mode? {
        switch (action, kind) {
        case (.stay, _), (.save, .hostDevice), (.cold, .hostDevice), (.cold, .snapshot): nil
        case (.shutdown, _): .shutdown
        case (.save, _): .save
        case (.cold, .localDisk): .offline
        }
    }

    @Test(arguments: Kind.allCases, UnmovableAction.allCases)
    func `each kind of guest is treated as the policy says, or blocks`(
        _ kind: Kind, _ action: UnmovableAction
    ) throws {
        let plan = Self.drain(Self.cluster(kind), try Self.policy(action.rawValue))
        guard let mode = Self.expected(kind, action) else {
            #expect(plan.outcome == .infeasible && plan.steps.isEmpty)
            #expect(plan.blockers.contains { $0.domain == "stuck" && !$0.remedy.isEmpty })
            return
        }
        #expect(plan.outcome == .plan && plan.blockers == [])
        #expect(Self.mode(plan) == mode && Self.mode(plan, "plain") == .live)
        let step = try #require(plan.steps.first { $0.domainName == "stuck" })
        guard mode.isInPlace else { return }
        // Nobody is stopped before all others have left.
        #expect(step.after == plan.migrationSteps.map(\.id))
        #expect(step.move.source == "host1" && step.move.target == "host1")
        #expect(step.estimate.durationMilliseconds > 0)
        #expect(plan.makespanMilliseconds >= step.estimate.endMilliseconds)
        #expect(step.rationale.contains("kvmbalance return host1"))
    }

    @Test func `metadata comes before the policy's rules, and those before its word for all`()
        throws
    {
        var cluster = Self.cluster(.snapshot)
        let policy = try Self.policy("{shutdown: [st*], others: save}")
        #expect(Self.mode(Self.drain(cluster, policy)) == .shutdown)
        cluster.domains[1].facts.unmovable = .save
        #expect(Self.mode(Self.drain(cluster, policy)) == .save)
        cluster.domains[1].facts.unmovable = .stay
        #expect(Self.drain(cluster, policy).outcome == .infeasible)
        cluster.domains[1].facts.unmovable = nil
        #expect(Self.mode(Self.drain(cluster, try Self.policy("{others: save}"))) == .save)
    }

    @Test func `a guest that is named twice is treated in the milder way`() throws {
        let policy = try Self.policy("{shutdown: ['*'], stay: [stuck]}")
        #expect(Self.drain(Self.cluster(.snapshot), policy).outcome == .infeasible)
    }

    /// What is full, closed, ruled out or passes is no reason to shut a guest down.
    @Test func `only what lasts makes a guest unmovable`() throws {
        let policy = try Self.policy("shutdown")
        var full = Self.cluster(.snapshot)
        full.domains[1].facts.blockers = []
        full.domains[1].facts.memory = .gibibytes(64)
        #expect(Self.drain(full, policy).outcome == .infeasible)
        var closed = Self.cluster(.snapshot)
        closed.domains[1].facts.blockers = []
        closed.hosts[1].inMaintenance = true
        #expect(Self.drain(closed, policy).outcome == .infeasible)
        var passing = Self.cluster(.snapshot)
        passing.domains[1].facts.blockers.append(Self.blocker(.blockJob))
        #expect(Self.drain(passing, policy).outcome == .infeasible)
        var failed = Self.cluster(.snapshot)
        failed.domains[1].facts.blockers = []
        let tried = ForbiddenTarget(failed.domains[1].id, "host2")
        #expect(Self.drain(failed, policy) { $0.forbidden = [tried] }.outcome == .infeasible)
        var third = Self.cluster(.localDisk)
        third.host("host3")
        third.hosts[2].facts = nil
        #expect(Self.drain(third, policy).outcome == .infeasible)
    }

    /// What it rewrites would matter if it migrated.
    @Test func `a busy guest is stopped like any other`() throws {
        var busy = Self.cluster(.hostDevice)
        // It rewrites all of its memory ten times a second.
        busy.domains[1].dirtyRates = DirtyRates(
            hotSet: .gibibytes(1), hotMilliseconds: 100, coldRate: .zero)
        #expect(Self.mode(Self.drain(busy, try Self.policy("shutdown"))) == .shutdown)
        // That alone is a matter of the moment.
        busy.domains[1].facts.blockers = []
        let refused = Self.drain(busy, try Self.policy("shutdown"))
        #expect(refused.blockers.map(\.reason) == [.convergence])
    }

    @Test func `a guest that could not be had back is not stopped`() throws {
        var transient = Self.cluster(.hostDevice)
        transient.domains[1].facts.isPersistent = false
        let refused = Self.drain(transient, try Self.policy("shutdown"))
        #expect(refused.outcome == .infeasible)
        #expect(
            refused.blockers.contains { $0.detail.contains("once it is down it would be gone") })
        var twice = Self.cluster(.hostDevice)
        twice.domains[1].facts.otherDefinitions = ["host2"]
        #expect(Self.drain(twice, try Self.policy("shutdown")).outcome == .infeasible)
        var paused = Self.cluster(.hostDevice)
        paused.domains[1].facts.state = .paused
        #expect(Self.drain(paused, try Self.policy("shutdown")).outcome == .infeasible)
        let device = Self.drain(Self.cluster(.hostDevice), try Self.policy("save"))
        #expect(device.blockers.contains { $0.remedy.contains("--unmovable shutdown") })
    }

    @Test func `one that was stopped before and runs again is not stopped a second time`() throws {
        let cluster = Self.cluster(.hostDevice)
        let again = Self.drain(cluster, try Self.policy("shutdown")) {
            $0.stopped = [cluster.domains[1].id]
        }
        #expect(again.outcome == .infeasible)
        var off = cluster
        off.domains[1].facts.state = .shutOff
        var policy = try Self.policy("shutdown")
        policy.migration.offline = ["*"]
        // Its definition stays, whatever moves definitions.
        let plan = Self.drain(off, policy) { $0.stopped = [cluster.domains[1].id] }
        #expect(plan.outcome == .plan && plan.steps.map(\.domainName) == ["plain"])
    }

    @Test func `excluded and managed guests are left alone`() throws {
        var excluded = Self.cluster(.hostDevice)
        excluded.domains[1].facts.isExcluded = true
        #expect(Self.drain(excluded, try Self.policy("shutdown")).outcome == .infeasible)
        var managed = Self.cluster(.hostDevice)
        managed.domains[1].facts.manager = GuestManager(name: "Nova", sign: "metadata")
        #expect(Self.drain(managed, try Self.policy("shutdown")).outcome == .infeasible)
        let cluster = Self.cluster(.hostDevice)
        let wishes = PlanWishes(
            except: [NamedDomain(cluster.domains[1].id, name: "stuck", host: "host1")])
        let plan = Self.drain(cluster, try Self.policy("shutdown")) { $0.wishes = wishes }
        #expect(plan.steps.map(\.domainName) == ["plain"])
    }

    /// Those that share a group with it go without it.
    @Test func `a group does not keep others with a guest that is stopped`() throws {
        var cluster = Self.cluster(.hostDevice)
        for index in [0, 1] { cluster.domains[index].facts.affinityGroups = ["shop"] }
        let plan = Self.drain(cluster, try Self.policy("shutdown"))
        #expect(Self.mode(plan) == .shutdown && Self.mode(plan, "plain") == .live)
    }

    @Test func `others than a drain stop nobody`() throws {
        let cluster = Self.cluster(.localDisk)
        let policy = try Self.policy("cold")
        for request in [PlanRequest.balance(), .consolidate(only: ["host1"])] {
            let plan = Planner.plan(request, from: cluster.snapshot, under: policy, seed: 1)
            #expect(plan.steps.allSatisfy { $0.mode == .live })
        }
        let named = PlanWishes(
            moves: [NamedDomain(cluster.domains[1].id, name: "stuck", host: "host1")])
        let move = Planner.plan(.move(named), from: cluster.snapshot, under: policy, seed: 1)
        #expect(move.outcome == .infeasible)
    }

    // MARK: The way back

    /// The world after the drain.
    private static func drained(_ kind: Kind, isSaved: Bool) -> ClusterBuilder {
        var cluster = cluster(kind)
        cluster.domains[0].host = "host2"
        cluster.domains[1].facts.state = .shutOff
        cluster.domains[1].facts.hasManagedSave = isSaved
        return cluster
    }

    private static func back(
        _ cluster: ClusterBuilder, isSaved: Bool, bestEffort: Bool = false
    ) throws -> MigrationPlan {
        let (plain, stuck) = (cluster.domains[0].id, cluster.domains[1].id)
        var request = PlanRequest.return(
            [ReturnMove(plain, home: "host1", displacedAt: "host2")], bestEffort: bestEffort)
        request.starts = [StoppedGuest(stuck, on: "host1", isSaved: isSaved)]
        let policy = try policy(nil)
        let plan = Planner.plan(request, from: cluster.snapshot, under: policy, seed: 1)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: policy) == [])
        return plan
    }

    @Test(arguments: [true, false])
    func `a return starts again what the drain stopped`(_ isSaved: Bool) throws {
        let plan = try Self.back(Self.drained(.snapshot, isSaved: isSaved), isSaved: isSaved)
        #expect(plan.outcome == .plan && plan.hosts == ["host1"] && plan.blockers == [])
        #expect(Self.mode(plan) == (isSaved ? .restore : .start))
        let step = try #require(plan.steps.first { $0.domainName == "stuck" })
        #expect(step.after.isEmpty && step.estimate.downtimeMilliseconds > 0)
    }

    @Test func `what somebody has changed meanwhile is left alone, with a line`() throws {
        var running = Self.drained(.snapshot, isSaved: false)
        running.domains[1].facts.state = .running
        let up = try Self.back(running, isSaved: false)
        #expect(up.blockers == [] && up.staying.map(\.names) == [["stuck"]])
        #expect(up.staying[0].reason == "it runs on host1 already")
        var moved = Self.drained(.snapshot, isSaved: false)
        (moved.domains[1].host, moved.domains[1].facts.state) = ("host2", .running)
        var gone = Self.drained(.snapshot, isSaved: false)
        gone.domains.removeLast()
        let lost = Self.drained(.snapshot, isSaved: false)
        let saved = Self.drained(.snapshot, isSaved: true)
        for (cluster, wasSaved, words) in [
            (moved, false, "it runs on host2 by now"), (lost, true, "its saved memory is gone"),
            (saved, false, "somebody has saved its memory since"),
        ] {
            let plan = try Self.back(cluster, isSaved: wasSaved)
            #expect(plan.outcome == .plan && Self.mode(plan) == nil)
            #expect(plan.blockers.count == 1, "\(plan.blockers)")
            #expect(plan.blockers.first?.detail.hasPrefix("left alone: \(words)") == true)
        }
        var request = PlanRequest.return([])
        request.starts = [StoppedGuest("id-of-stuck", on: "host1", isSaved: false)]
        let plan = Planner.plan(request, from: gone.snapshot, under: try Self.policy(nil), seed: 1)
        #expect(plan.outcome == .nothingToDo)
        #expect(plan.blockers.map(\.detail) == ["left alone: no host has it any longer"])
    }

    /// The room of a guest that is started is nobody else's from the beginning.
    @Test func `a guest is started only where there is room for it`() throws {
        var tight = Self.drained(.snapshot, isSaved: false)
        tight.hosts[0].facts?.memory = .gibibytes(2)
        // The guest that was stopped comes first, and the other finds no room.
        let both = try Self.back(tight, isSaved: false, bestEffort: true)
        #expect(both.steps.map(\.domainName) == ["stuck"])
        tight.domain("newcomer", on: "host1")
        let none = try Self.back(tight, isSaved: false)
        #expect(none.outcome == .infeasible)
        #expect(none.blockers.contains { $0.domain == "stuck" && $0.reason == .memory })
    }

    // MARK: The judge

    @Test func `the judge refuses every plan that stops whom it must not`() throws {
        let cluster = Self.cluster(.hostDevice)
        let policy = try Self.policy("shutdown")
        let good = Self.drain(cluster, policy)
        let index = try #require(good.steps.firstIndex { $0.mode == .shutdown })
        func refused(
            _ words: String, on world: ClusterBuilder? = nil, under other: Policy? = nil,
            _ change: (inout MigrationPlan) -> Void = { _ in }
        ) {
            var plan = good
            change(&plan)
            let violations = PlanChecker.check(
                plan, on: (world ?? cluster).snapshot, under: other ?? policy)
            #expect(violations.contains { $0.detail.contains(words) }, "\(words): \(violations)")
        }
        refused("is stopped before all that move have left") { $0.steps[index].after = [] }
        refused("is not drained") { $0.kind = .rollback }
        refused("it is to stay, and leads elsewhere") { $0.steps[index].move.target = "host2" }
        refused("is to stay, not to shutdown", under: try Self.policy(nil))
        refused("is to shutdown, not to save") { $0.steps[index].mode = .save }
        refused("stuck runs") { $0.steps[index].mode = .start }
        refused("waits for a guest that does not move") { plan in
            let move = plan.steps.firstIndex { !$0.mode.isInPlace } ?? 0
            plan.steps[index].after = []
            plan.steps[move].after = [plan.steps[index].id]
        }
        var movable = cluster
        movable.domains[1].facts.blockers = []
        refused("stuck could be moved", on: movable)
        var transient = cluster
        transient.domains[1].facts.isPersistent = false
        refused("stuck is transient", on: transient)
        var excluded = cluster
        excluded.domains[1].facts.isExcluded = true
        refused("excluded", on: excluded)
        var busy = cluster
        busy.domains[1].facts.blockers.append(Self.blocker(.blockJob))
        refused("it has one", on: busy)
        refused("stuck is still there, and no blocker says why") { plan in
            plan.steps.remove(at: index)
        }
        let saved = try Self.policy("save")
        refused("stuck cannot be saved", under: saved) { $0.steps[index].mode = .save }
    }

    @Test func `the judge refuses to start what must stay off`() throws {
        let cluster = Self.drained(.snapshot, isSaved: false)
        let good = try Self.back(cluster, isSaved: false)
        let index = try #require(good.steps.firstIndex { $0.mode == .start })
        func refused(
            _ words: String, on world: ClusterBuilder? = nil,
            _ change: (inout MigrationPlan) -> Void = { _ in }
        ) throws {
            var plan = good
            change(&plan)
            let violations = PlanChecker.check(
                plan, on: (world ?? cluster).snapshot, under: try Self.policy(nil))
            #expect(violations.contains { $0.detail.contains(words) }, "\(words): \(violations)")
        }
        try refused("has no saved memory") { $0.steps[index].mode = .restore }
        try refused("nobody is to come back") { $0.kind = .drain }
        var tight = cluster
        tight.hosts[0].facts?.memory = .gibibytes(1)
        try refused("of memory with the guests that are started", on: tight)
        var running = cluster
        running.domains[1].facts.state = .running
        try refused("stuck runs", on: running)
        var saved = cluster
        saved.domains[1].facts.hasManagedSave = true
        try refused("has saved memory", on: saved)
        var twice = cluster
        twice.domains[1].facts.otherDefinitions = ["host2"]
        try refused("another host has a definition", on: twice)
    }

    @Test func `a plan with such steps comes back from JSON as it was`() throws {
        let plan = Self.drain(Self.cluster(.snapshot), try Self.policy("{save: [stuck]}"))
        let text = try JSONTestCoding.encode(plan)
        #expect(text.contains("\"down_until\":\"return\"") && text.contains("\"mode\":\"save\""))
        #expect(try JSONTestCoding.decode(text) == plan)
    }
}

private enum JSONTestCoding {
    static func encode(_ plan: MigrationPlan) throws -> String {
        String(decoding: try JSONEncoder().encode(plan), as: UTF8.self)
    }

    static func decode(_ text: String) throws -> MigrationPlan {
        try JSONDecoder().decode(MigrationPlan.self, from: Data(text.utf8))
    }
}
