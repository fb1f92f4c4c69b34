import TestSupport
import Testing

@testable import BenchmarkModels

@Suite struct TransferSchedulerTests {
    @Test func `small problems are solved as exhaustive search solves them`() {
        var feasible = 0
        var stuck = 0
        for seed in UInt64(1)...100 {
            let oracle = TransferOracle.random(
                seed: seed, transfers: seed % 20 == 0 ? 4 : 2 + Int(seed % 2), hosts: 3,
                longest: 2)
            let schedule = TransferScheduler.schedule(oracle.problem, seed: seed)
            let shortest = oracle.shortest()
            #expect(schedule?.makespanMilliseconds == shortest, "seed \(seed)")
            guard let schedule else {
                stuck += 1
                continue
            }
            feasible += 1
            #expect(schedule.isProven, "seed \(seed)")
            #expect(oracle.faults(schedule) == [], "seed \(seed)")
        }
        #expect(feasible > 60 && stuck > 5, "\(feasible) feasible, \(stuck) stuck")
    }

    /// Without the exhaustive search, whose result would hide a bound that is too high.
    @Test func `no bound is above what exhaustive search finds`() {
        var reached = 0
        for seed in UInt64(200)...300 {
            let oracle = TransferOracle.random(seed: seed, transfers: 3, hosts: 3, longest: 3)
            guard let shortest = oracle.shortest() else { continue }
            let bound = TransferScheduler.bound(oracle.problem)
            #expect(bound <= shortest, "seed \(seed)")
            #expect(TransferScheduler.channelBound(oracle.problem) <= bound, "seed \(seed)")
            if bound == shortest { reached += 1 }
        }
        #expect(reached > 40, "\(reached)")
    }

    @Test func `larger problems are scheduled within their means, and close to the bound`() {
        var ratios: [Double] = []
        for seed in UInt64(1)...15 {
            let oracle = TransferOracle.random(seed: seed, transfers: 30, hosts: 8, longest: 9)
            var problem = oracle.problem
            for index in problem.transfers.indices { problem.transfers[index].takes = [] }
            let effort = ScheduleEffort(trials: 200, branches: 0)
            guard let schedule = TransferScheduler.schedule(problem, effort: effort, seed: seed)
            else {
                Issue.record("seed \(seed): nothing stands in the way of any")
                continue
            }
            #expect(TransferOracle(problem: problem).faults(schedule) == [], "seed \(seed)")
            #expect(schedule.makespanMilliseconds >= schedule.boundMilliseconds, "seed \(seed)")
            #expect(
                schedule == TransferScheduler.schedule(problem, effort: effort, seed: seed),
                "seed \(seed)")
            ratios.append(
                Double(schedule.makespanMilliseconds) / Double(schedule.boundMilliseconds))
        }
        let mean = ratios.reduce(0, +) / Double(max(1, ratios.count))
        #expect(mean < 1.1, "\(mean)")
    }

    /// Both ways of playing an order keep to what is there, whatever the order.
    @Test func `any order is played within the means`() {
        for seed in UInt64(1)...100 {
            let oracle = TransferOracle.random(seed: seed, transfers: 12, hosts: 4, longest: 5)
            var random = SeededGenerator(seed: seed)
            let order = oracle.problem.transfers.indices.shuffled(using: &random)
            let bound = ScheduleBound(oracle.problem)
            var list = ListScheduler(oracle.problem, tails: bound.tails)
            var insertion = InsertionScheduler(oracle.problem)
            for outcome in [
                list.play(.list(order)), list.play(.busiestChannel), insertion.play(order),
            ] where outcome.stuck.isEmpty {
                let schedule = TransferSchedule(
                    starts: outcome.starts, ways: outcome.ways,
                    makespanMilliseconds: outcome.makespan, boundMilliseconds: 0)
                #expect(oracle.faults(schedule) == [], "seed \(seed)")
                #expect(outcome.makespan >= bound.milliseconds, "seed \(seed)")
            }
        }
    }

    /// Two transfers over one link; with half of it each takes `half`.
    private func pair(half: Int64) -> TransferSchedule? {
        let transfer = TransferProblem.Transfer(ways: [
            .init(milliseconds: 10, channels: [.init(0, 1000)]),
            .init(milliseconds: half, channels: [.init(0, 500)]),
        ])
        return TransferScheduler.schedule(
            TransferProblem(transfers: [transfer, transfer], channels: [1000], stores: []))
    }

    @Test func `a busy domain goes alone, an idle one may share`() {
        #expect(pair(half: 25)?.makespanMilliseconds == 20)
        #expect(pair(half: 25)?.ways == [0, 0])
        // Half the bandwidth for less than twice the time: sharing wins.
        #expect(pair(half: 17)?.makespanMilliseconds == 17)
    }

    @Test func `two full hosts cannot change places, with one place free they can`() {
        func swap(free: Int64) -> TransferSchedule? {
            let transfers = [(0, 1), (1, 0)].map { source, target in
                TransferProblem.Transfer(
                    ways: [.init(milliseconds: 10, channels: [])], takes: [.init(target, 1)],
                    frees: [.init(source, 1)])
            }
            return TransferScheduler.schedule(
                TransferProblem(transfers: transfers, channels: [], stores: [free, 0]))
        }
        #expect(swap(free: 0) == nil)
        #expect(swap(free: 1)?.makespanMilliseconds == 20)
        #expect(swap(free: 1)?.isProven == true)
    }

    @Test func `nothing to move takes no time`() {
        let schedule = TransferScheduler.schedule(
            TransferProblem(transfers: [], channels: [1], stores: []))
        #expect(schedule?.makespanMilliseconds == 0)
    }
}
