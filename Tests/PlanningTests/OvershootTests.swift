import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// CPUs forbid neither a drain nor a return: what they lack is told.
@Suite struct OvershootTests {
    private func plan(
        _ request: PlanRequest, _ cluster: ClusterBuilder, _ policy: Policy = .default
    ) -> MigrationPlan {
        let plan = Planner.plan(request, from: cluster.snapshot, under: policy, seed: 1)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: policy) == [])
        return plan
    }

    private func targets(_ plan: MigrationPlan) -> [String: HostName] {
        Dictionary(
            plan.steps.map { ($0.domainName, $0.move.target) }, uniquingKeysWith: { $1 })
    }

    /// Two hosts with 20 CPUs, of which 13 are wanted on each.
    private var pair: ClusterBuilder {
        var cluster = ClusterBuilder()
        for host in ["host1", "host2"] as [HostName] {
            cluster.host(host, memory: .gibibytes(64), cpus: 20)
            for number in 1...5 { cluster.domain("\(host)-\(number)", on: host, cpu: [2600]) }
        }
        return cluster
    }

    @Test func `a drain fills a host above its CPUs and says by how much`() throws {
        let plan = plan(.drain(["host1"]), pair)
        #expect(plan.outcome == .plan && plan.steps.count == 5 && plan.blockers == [])
        let text = try #require(plan.steps[0].cautions.first)
        for figure in ["host2", "26 CPUs", "20 CPUs", "from 65 to 130 %"] {
            #expect(text.contains(figure), "\(text)")
        }
        #expect(plan.steps.allSatisfy { $0.cautions == [text] })
    }

    @Test func `a return and a rollback bring back what a host has no CPUs for`() throws {
        var cluster = pair
        cluster.hosts[0].facts?.cpu.logicalCPUs = 12
        let ids = cluster.domains.suffix(2).map(\.id)
        let back = plan(.return(ids.map { ReturnMove($0, home: "host1") }), cluster)
        #expect(back.outcome == .plan && back.blockers == [] && back.steps.count == 2)
        let moves = ids.map { Move(domain: $0, source: "host2", target: "host1") }
        let rollback = plan(.moves(moves, bestEffort: false), cluster)
        #expect(rollback.outcome == .plan && rollback.blockers == [])
        for made in [back, rollback] {
            let text = try #require(made.steps[0].cautions.first)
            #expect(text.contains("18.2 CPUs where it can give 12"), "\(text)")
        }
    }

    @Test func `hosts with CPUs to spare come first, even if others make room for that`() {
        var cluster = pair
        cluster.host("host3", memory: .gibibytes(64), cpus: 20)
        let spread = plan(.drain(["host1"]), cluster)
        #expect(Set(targets(spread).values).contains("host3"))
        #expect(spread.steps.flatMap(\.cautions) == [])

        // `wide` needs a whole host, which is free once `small` has left it.
        var tight = ClusterBuilder()
        tight.host("host1", cpus: 16)
        tight.host("host2", cpus: 16)
        tight.host("host3", cpus: 4)
        tight.domain("wide", on: "host1", cpu: [15_000])
        tight.domain("small", on: "host2", cpu: [3000])
        let made = plan(.drain(["host1"]), tight)
        #expect(targets(made) == ["wide": "host2", "small": "host3"])
        #expect(made.steps.flatMap(\.cautions) == [])
    }

    @Test func `where it cannot be helped the overshoot is the least there is`() throws {
        var cluster = ClusterBuilder()
        cluster.host("host1", cpus: 64)
        cluster.host("host2", cpus: 8)
        cluster.host("host3", cpus: 16)
        cluster.domain("big", on: "host1", cpu: [20_000])
        cluster.domain("here", on: "host2", cpu: [1000])
        cluster.domain("there", on: "host3", cpu: [1000])
        let made = plan(.drain(["host1"]), cluster)
        #expect(targets(made)["big"] == "host3")
        // 20 of 16 CPUs, and not 21: what is there makes way.
        #expect(made.steps.contains { $0.domainName == "there" })
        let told = made.steps.flatMap(\.cautions)
        #expect(!told.isEmpty && told.allSatisfy { $0.contains("20 CPUs") }, "\(told)")
    }

    @Test func `a best effort leaves nobody behind for CPU, and names it of nobody`() {
        var cluster = pair
        cluster.hosts[1].facts?.memory = .gibibytes(13)
        cluster.domain("heavy", on: "host1", memory: .gibibytes(30), cpu: [9000])
        let strict = plan(.drain(["host1"]), cluster)
        #expect(strict.outcome == .infeasible)
        let effort = plan(.drain(["host1"], bestEffort: true), cluster)
        #expect(effort.outcome == .plan && effort.steps.count == 5)
        for blockers in [strict.blockers, effort.blockers] {
            #expect(!blockers.isEmpty)
            #expect(blockers.allSatisfy { $0.reason == .memory }, "\(blockers)")
            #expect(!blockers.contains { "\($0)".contains("CPU") }, "\(blockers)")
        }
        #expect(strict.conflict?.constraints.contains { $0.kind == "cpu" } == false)
    }

    @Test func `memory, huge pages and the number of domains forbid as ever`() {
        var memory = pair
        memory.hosts[1].facts?.memory = .gibibytes(8)
        #expect(plan(.drain(["host1"]), memory).outcome == .infeasible)
        var pages = pair
        pages.domains[0].facts.hugePages = HugePageDemand(pageSize: .mebibytes(2), pages: 4)
        #expect(plan(.drain(["host1"]), pages).outcome == .infeasible)
        var count = Policy.default
        count.maxDomainsPerHost = 9
        #expect(plan(.drain(["host1"]), pair, count).outcome == .infeasible)
    }

    @Test func `balance and consolidation keep within the CPUs`() throws {
        var cluster = pair
        #expect(plan(.consolidate(), cluster).outcome == .nothingToDo)
        cluster.hosts[1].facts?.cpu.logicalCPUs = 14
        let balance = plan(.balance(), cluster)
        let steps = balance.steps.filter { $0.move.target == "host2" }
        #expect(steps.isEmpty)
        // A plan of these kinds that does it is refused, however well it tells.
        var drain = plan(.drain(["host1"]), pair)
        drain.kind = .balance
        drain.hosts = []
        let rules = PlanChecker.check(drain, on: pair.snapshot, under: .default).map(\.rule)
        #expect(rules.contains(.capacity))
    }

    @Test func `the judge refuses what is not told, and only in the world of the plan`() {
        let world = pair.snapshot
        var silent = plan(.drain(["host1"]), pair)
        for index in silent.steps.indices { silent.steps[index].cautions = [] }
        let found = PlanChecker.check(silent, on: world, under: .default)
        #expect(found.map(\.rule) == [.capacity] && found.map(\.host) == ["host2"], "\(found)")
        // Load that came later forbids no plan that was saved.
        silent.origin.observedAt = Timestamp(seconds: 1)
        #expect(PlanChecker.check(silent, on: world, under: .default) == [])
    }

    @Test func `N+1 asks for CPUs as ever`() {
        var policy = Policy.default
        policy.nPlusOne = .after
        var cluster = pair
        cluster.host("host3", memory: .gibibytes(64), cpus: 20)
        #expect(plan(.drain(["host1"]), cluster, policy).blockers.map(\.reason).contains(.nPlusOne))
        policy.overcommit.cpuThousandths = 4000
        #expect(plan(.drain(["host1"]), cluster, policy).outcome == .plan)
    }

    @Test func `a rolling reboot fills hosts above their CPUs only for one that is down alone`() {
        let world = pair.snapshot
        let reboot = Planner.rollingReboot(from: world, under: .default, seed: 1)
        #expect(PlanChecker.check(reboot, on: world, under: .default) == [])
        #expect(reboot.outcome == .plan && reboot.rounds.map(\.hosts) == [["host1"], ["host2"]])
        #expect(reboot.rounds.allSatisfy { !$0.away.steps.flatMap(\.cautions).isEmpty })

        // Memory would do for two at a time, CPUs for one.
        var four = ClusterBuilder()
        for host in ["host1", "host2", "host3", "host4"] as [HostName] {
            four.host(host, memory: .gibibytes(64), cpus: 10)
            for number in 1...2 { four.domain("\(host)-\(number)", on: host, cpu: [3300]) }
        }
        let rounds = Planner.rollingReboot(from: four.snapshot, under: .default, seed: 1)
        #expect(PlanChecker.check(rounds, on: four.snapshot, under: .default) == [])
        #expect(rounds.rounds.map(\.hosts.count) == [1, 1, 1, 1])
        #expect(rounds.rounds.allSatisfy { $0.away.steps.flatMap(\.cautions).isEmpty })
    }
}
