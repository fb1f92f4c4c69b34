import ClusterModel

/// Decides in which order a plan's steps are listed and how many run at once, so that an executor
/// that starts them in their order, as soon as waits and limits allow, is done soonest.
///
/// Orders are tried by playing them. A lower limit for each host is taken where that ends clearly
/// sooner: what is rewritten while links are shared must be sent again.
struct StepTiming {
    /// A lower limit must save more than one part in this many: an estimate is no better than that.
    private static let savingWorthALimit: Int64 = 100
    /// Steps played at most for a plan, so that timing stays a small part of planning.
    private static let stepsPlayed = 4000

    let tasks: [ScheduleSimulation.Task]
    let links: [Int]
    let options: MigrationOptions
    private(set) var limits: MigrationLimits
    private(set) var simulation: ScheduleSimulation
    private(set) var order: [Int]
    /// No order and no limits within the policy's let these steps end sooner, if the estimates of
    /// what each takes alone are right.
    let boundMilliseconds: Int64

    init(
        _ tasks: [ScheduleSimulation.Task], links: [Int], limits: MigrationLimits,
        options: MigrationOptions, seed: UInt64
    ) {
        self.tasks = tasks
        self.links = links
        self.options = options
        self.limits = limits
        order = Array(tasks.indices)
        let floor = StepFloor(tasks, links: links, limits: limits, options: options)
        boundMilliseconds = floor.milliseconds
        simulation = ScheduleSimulation(tasks, links: links, limits: limits, options: options)
        guard tasks.count > 1 else { return }
        let rules = floor.orders
        for order in rules { attempt(order, limits) }
        var perHost = limits.perHost / 2
        while perHost >= 1 {
            let lower = MigrationLimits(perHost: perHost, fleet: limits.fleet)
            for order in [order] + rules.prefix(1) { attempt(order, lower) }
            perHost /= 2
        }
        improve(seed: seed)
    }

    private mutating func attempt(_ order: [Int], _ limits: MigrationLimits) {
        guard simulation.makespanMilliseconds > boundMilliseconds else { return }
        let played = play(order, limits)
        let best = simulation.makespanMilliseconds
        let margin = limits == self.limits ? 0 : best / Self.savingWorthALimit
        guard played.makespanMilliseconds < best - margin else { return }
        (simulation, self.order, self.limits) = (played, order, limits)
    }

    private func play(_ order: [Int], _ limits: MigrationLimits) -> ScheduleSimulation {
        ScheduleSimulation(
            tasks, order: order, links: links, limits: limits, options: options)
    }

    private mutating func improve(seed: UInt64) {
        let trials = Self.stepsPlayed / tasks.count
        guard trials > 0, simulation.makespanMilliseconds > boundMilliseconds else { return }
        var search = OrderSearch(
            rivals: rivals, bound: boundMilliseconds, seed: seed, trials: trials)
        search.run(from: [order]) { order in
            let estimates = play(order, limits).estimates
            return OrderSearch.Result(
                starts: estimates.map(\.startMilliseconds), ends: estimates.map(\.endMilliseconds))
        }
        if let found = search.best, search.score.makespan < simulation.makespanMilliseconds {
            order = found
            simulation = play(found, limits)
        }
    }

    /// Steps at the same hosts, and those that are waited for.
    private var rivals: [[Int]] {
        var atHost: [Int: Set<Int>] = [:]
        for (index, task) in tasks.enumerated() {
            atHost[task.source, default: []].insert(index)
            atHost[task.target, default: []].insert(index)
        }
        return tasks.enumerated().map { index, task in
            let near = (atHost[task.source] ?? []).union(atHost[task.target] ?? [])
            return near.union(task.after).subtracting([index]).sorted()
        }
    }
}

/// The least time that steps take, however they are ordered: by the load of each link in each
/// direction, by the migrations that a host and the fleet carry at once, and by the longest chain.
struct StepFloor {
    let milliseconds: Int64
    /// Orders worth a try, by rules: the longest chain first, the busiest host first.
    let orders: [[Int]]

    init(
        _ tasks: [ScheduleSimulation.Task], links: [Int], limits: MigrationLimits,
        options: MigrationOptions
    ) {
        let speed = links.map { ScheduleSimulation.bytesPerSecond($0) / 1000 }
        var alone: [Double] = []
        var sent = [Double](repeating: 0, count: links.count)
        var received = sent
        var held = sent
        for task in tasks {
            let share = Double(task.fit.efficiencyPermille) / 1000
            let link = min(speed[task.source], speed[task.target]) * 1000 * share
            let rate = ScheduleSimulation.rate(of: link, limit: options.bandwidth)
            let volume = Self.leastVolume(task, rate: rate, options)
            alone.append(task.fixed + volume / rate * 1000)
            sent[task.source] += volume / speed[task.source] / share
            received[task.target] += volume / speed[task.target] / share
            held[task.source] += alone[alone.count - 1]
            held[task.target] += alone[alone.count - 1]
        }
        var heads = [Double](repeating: 0, count: tasks.count)
        var tails = alone
        let order = WaitOrder.of(tasks.map(\.after))
        for index in order {
            for wait in tasks[index].after {
                heads[index] = max(heads[index], heads[wait] + alone[wait])
            }
        }
        for index in order.reversed() {
            for wait in tasks[index].after {
                tails[wait] = max(tails[wait], alone[wait] + tails[index])
            }
        }
        let fixed = tasks.map(\.fixed).min() ?? 0
        let chain = tasks.indices.map { heads[$0] + tails[$0] }.max() ?? 0
        let link = max(sent.max() ?? 0, received.max() ?? 0)
        let host = (held.max() ?? 0) / Double(max(1, limits.perHost))
        let fleet = alone.reduce(0, +) / Double(max(1, limits.fleet))
        let longest = max(chain, link > 0 ? link + fixed : 0, host, fleet)
        // A millisecond for what estimates are rounded by.
        milliseconds = tasks.isEmpty ? 0 : max(0, Int64(saturating: longest.rounded(.down)) - 1)
        let busiest = tasks.map { max(held[$0.source], held[$0.target]) }
        orders = [
            tasks.indices.sorted {
                (max(tails[$1], busiest[$1]), alone[$1], $0)
                    < (max(tails[$0], busiest[$0]), alone[$0], $1)
            },
            tasks.indices.sorted { (tails[$1], busiest[$1], $0) < (tails[$0], busiest[$0], $1) },
        ]
    }

    /// What is sent at least, whatever the links are shared with. On a slower link more is sent,
    /// unless the options end the copying before it converges: then the first pass is all that is
    /// sure.
    private static func leastVolume(
        _ task: ScheduleSimulation.Task, rate: Double, _ options: MigrationOptions
    ) -> Double {
        let endsEarly =
            options.stuckRule.endsCopying || options.postcopy || options.autoConverge
            || options.maxBandwidth != nil
        guard !endsEarly else { return Double(task.memory.count) }
        let model = PrecopyModel(
            memory: task.memory, dirtyRates: task.knownDirtyRates, rate: Int64(saturating: rate),
            fit: task.fit,
            options: options)
        return Double(model.volume.count)
    }
}
