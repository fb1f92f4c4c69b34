import ClusterModel
import Foundation
import PlacementPolicy
import TestSupport
import Testing

@testable import Planning

@Suite struct StepTimingTests {
    /// Steps between a few hosts, some of them waiting, some of them busy domains.
    private func tasks(_ seed: UInt64, count: Int, hosts: Int) -> [ScheduleSimulation.Task] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            let source = random.int(0...hosts - 1)
            return ScheduleSimulation.Task(
                source: source, target: (source + random.int(1...hosts - 1)) % hosts,
                memory: .mebibytes(Int64(random.int(256...8192))),
                dirtyRate: random.oneIn(2) ? .mebibytes(Int64(random.int(1...90))) : nil,
                after: index > 0 && random.oneIn(3) ? [random.int(0...index - 1)] : [])
        }
    }

    private func links(_ seed: UInt64, hosts: Int) -> [Int] {
        (0..<hosts).map { [1000, 10_000][(Int(seed) + $0) % 5 == 0 ? 1 : 0] }
    }

    @Test func `the timing keeps its word: bound, limits, order and the plan as it was`() {
        var shorter = 0
        for seed in UInt64(1)...120 {
            let hosts = 3 + Int(seed % 6)
            let tasks = tasks(seed, count: 2 + Int(seed % 20), hosts: hosts)
            let links = links(seed, hosts: hosts)
            let limits = MigrationLimits(perHost: 1 + Int(seed % 4), fleet: 1 + Int(seed % 7))
            let bandwidth = seed % 3 == 0 ? 60 : nil
            let timing = StepTiming(
                tasks, links: links, limits: limits, bandwidth: bandwidth, seed: seed)
            let plain = ScheduleSimulation(
                tasks, links: links, limits: limits, bandwidth: bandwidth)
            let makespan = timing.simulation.makespanMilliseconds
            #expect(timing.boundMilliseconds <= makespan, "seed \(seed)")
            #expect(makespan <= plain.makespanMilliseconds, "seed \(seed)")
            #expect(timing.limits.perHost <= limits.perHost && timing.limits.perHost >= 1)
            #expect(timing.limits.fleet == limits.fleet)
            if makespan < plain.makespanMilliseconds { shorter += 1 }
            // As PlanDraft lists the steps: an executor that goes by the list does the same.
            let estimates = timing.simulation.estimates
            let listed = timing.order.enumerated().sorted {
                (estimates[$0.element].startMilliseconds, $0.offset)
                    < (estimates[$1.element].startMilliseconds, $1.offset)
            }.map(\.element)
            let again = ScheduleSimulation(
                tasks, order: listed, links: links, limits: timing.limits, bandwidth: bandwidth)
            #expect(again.estimates == estimates, "seed \(seed)")
        }
        #expect(shorter > 40, "\(shorter)")
    }

    @Test func `no order of few steps is sooner than the one found`() {
        for seed in UInt64(1)...25 {
            let tasks = tasks(seed, count: 5, hosts: 4)
            let links = links(seed, hosts: 4)
            let timing = StepTiming(
                tasks, links: links, limits: MigrationLimits(perHost: 2, fleet: 3), bandwidth: nil,
                seed: seed)
            for order in Self.permutations(Array(tasks.indices)) {
                let other = ScheduleSimulation(
                    tasks, order: order, links: links, limits: timing.limits, bandwidth: nil)
                #expect(
                    timing.simulation.makespanMilliseconds <= other.makespanMilliseconds,
                    "seed \(seed), \(order)")
            }
        }
    }

    @Test func `no order and no limit undercuts the bound`() {
        for seed in UInt64(300)...360 {
            var random = SeededGenerator(seed: seed)
            let tasks = tasks(seed, count: 8, hosts: 4)
            let links = links(seed, hosts: 4)
            let limits = MigrationLimits(perHost: 3, fleet: 4)
            let timing = StepTiming(
                tasks, links: links, limits: limits, bandwidth: nil, seed: seed)
            for _ in 0..<40 {
                let other = ScheduleSimulation(
                    tasks, order: tasks.indices.shuffled(using: &random), links: links,
                    limits: MigrationLimits(
                        perHost: random.int(1...limits.perHost),
                        fleet: random.int(1...limits.fleet)),
                    bandwidth: nil)
                #expect(timing.boundMilliseconds <= other.makespanMilliseconds, "seed \(seed)")
            }
        }
    }

    @Test func `a plan tells its bound, keeps to the policy's limits and survives JSON`() throws {
        var plans = 0
        for seed in UInt64(1)...30 {
            let plan = Planner.plan(
                .drain(["host1"], bestEffort: true),
                from: RandomCluster.medium(seed: seed).snapshot,
                under: .default, seed: seed,
                effort: SearchEffort(trialsPerRound: 500, trialsPerDomain: 100))
            guard plan.outcome == .plan, let score = plan.score else { continue }
            plans += 1
            let bound = try #require(score.makespanBoundMilliseconds)
            #expect(bound > 0 && bound <= plan.makespanMilliseconds, "seed \(seed)")
            #expect(plan.limits.perHost <= MigrationLimits().perHost)
            let starts = plan.steps.map(\.estimate.startMilliseconds)
            #expect(starts == starts.sorted(), "seed \(seed)")
            let json = try JSONEncoder().encode(plan)
            #expect(try JSONDecoder().decode(MigrationPlan.self, from: json) == plan)
        }
        #expect(plans > 10, "\(plans)")
    }

    /// Two leave one host, each for its own host.
    private func leaving(dirtyRate: Bytes?) -> StepTiming {
        let tasks = (1...2).map {
            ScheduleSimulation.Task(
                source: 0, target: $0, memory: .gibibytes(4), dirtyRate: dirtyRate, after: [])
        }
        return StepTiming(
            tasks, links: [1000, 1000, 1000], limits: MigrationLimits(), bandwidth: nil, seed: 0)
    }

    @Test func `busy domains leave one by one, idle ones together`() {
        #expect(leaving(dirtyRate: nil).limits.perHost == 2)
        let busy = leaving(dirtyRate: .mebibytes(45))
        #expect(busy.limits.perHost == 1)
        #expect(busy.simulation.estimates.map(\.startMilliseconds).min() == 0)
        #expect(busy.simulation.estimates[0].transferred < .gibibytes(8))
    }

    @Test func `the long chain begins first`() {
        // The third step frees what the fourth waits for; listed last, it would start last.
        let sizes: [(source: Int, gibibytes: Int64, after: [Int])] = [
            (0, 4, []), (0, 4, []), (0, 4, []), (1, 30, [2]),
        ]
        let tasks = sizes.enumerated().map {
            ScheduleSimulation.Task(
                source: $1.source, target: $0 + 2, memory: .gibibytes($1.gibibytes),
                after: $1.after)
        }
        let timing = StepTiming(
            tasks, links: Array(repeating: 1000, count: 6),
            limits: MigrationLimits(perHost: 1, fleet: 5), bandwidth: nil, seed: 0)
        #expect(timing.simulation.estimates[2].startMilliseconds == 0)
        #expect(timing.simulation.makespanMilliseconds - timing.boundMilliseconds <= 2)
    }

    @Test func `the more of a link there is, the less is sent`() {
        for dirty in [0, 1, 20, 60, 110, 300] as [Int64] {
            let volumes = stride(from: 5, through: 1000, by: 5).map { rate in
                PrecopyModel(
                    memory: .gibibytes(4), dirtyRate: .mebibytes(dirty),
                    rate: Int64(rate) * 1_000_000
                ).volume
            }
            for (less, more) in zip(volumes, volumes.dropFirst()) { #expect(more <= less) }
        }
    }

    private static func permutations(_ items: [Int]) -> [[Int]] {
        guard let first = items.first else { return [[]] }
        return permutations(Array(items.dropFirst())).flatMap { rest in
            (0...rest.count).map { Array(rest[..<$0]) + [first] + Array(rest[$0...]) }
        }
    }
}
