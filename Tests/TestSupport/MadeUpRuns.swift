package import ClusterModel
package import Execution
import PlacementPolicy
import Planning

/// Runs as a fleet has them over the years: a host is drained and filled again, then the next. Some
/// steps are tried twice or helped, some fail; some runs are halted and rolled back.
///
/// The plans are the planner's, cut off after `stepsAtMost`. One seed gives one history.
package struct MadeUpRuns {
    package struct Run {
        package var plan: MigrationPlan
        /// After the two records that a run is opened with.
        package var events: [JournalEvent]
    }

    /// Where the domains are after the last run.
    private var world: ClusterSnapshot
    private let home: [DomainID: HostName]
    private var random: SeededGenerator
    private var drained: HostName?
    private let stepsAtMost: Int
    /// A fleet is often as it was: then its plan is too.
    private var known: [String: MigrationPlan] = [:]

    package init(_ world: ClusterSnapshot, seed: UInt64, stepsAtMost: Int = 10) {
        self.world = world
        home = Dictionary(
            world.domains.map { ($0.id, $0.host) }, uniquingKeysWith: { first, _ in first })
        random = SeededGenerator(seed: seed)
        self.stepsAtMost = stepsAtMost
    }

    package mutating func next() -> Run {
        let plan = nextPlan()
        var events: [JournalEvent] = []
        var moved: [Step] = []
        for step in plan.steps where carryOut(step, &events) { moved.append(step) }
        world = world.applying(moved.map(\.move))
        if random.oneIn(12) {
            events.append(.ended(RunOutcome(.halted, reason: "host1 does not answer")))
            rollBack(moved, of: plan, &events)
        } else if random.oneIn(15) {
            events.append(.stopping(reason: "somebody asked for it"))
            events.append(.ended(RunOutcome(.failed, reason: "somebody asked for it")))
        } else {
            events.append(.ended(RunOutcome(.done)))
        }
        return Run(plan: plan, events: events)
    }

    private mutating func nextPlan() -> MigrationPlan {
        if let host = drained {
            drained = nil
            let back = world.domains.filter { home[$0.id] == host && $0.host != host }
                .map { ReturnMove($0.id, home: host) }
            let plan = plan(.return(back, bestEffort: true), "return \(host)")
            if plan.outcome == .plan { return plan }
        }
        while true {
            let host = world.hosts[random.int(0...(world.hosts.count - 1))].name
            let plan = plan(.drain([host], bestEffort: true), "drain \(host)")
            guard plan.outcome == .plan else { continue }
            drained = host
            return plan
        }
    }

    private mutating func plan(_ request: PlanRequest, _ name: String) -> MigrationPlan {
        let key = "\(name) \(world.digest)"
        if let plan = known[key] { return plan }
        var plan = Planner.plan(request, from: world, under: .default, seed: 1)
        plan.steps = Array(plan.steps.prefix(stepsAtMost))
        known[key] = plan
        return plan
    }

    /// Did the domain go over?
    private mutating func carryOut(_ step: Step, _ events: inout [JournalEvent]) -> Bool {
        events.append(.intent(step.id, attempt: 1, persistent: true, autostart: false))
        if random.oneIn(25) {
            events.append(.attemptFailed(step.id, attempt: 1, error: "the connection was lost"))
            events.append(.intent(step.id, attempt: 2, persistent: true, autostart: false))
        }
        if random.oneIn(25) {
            events.append(
                .adjusting(
                    step.id, .allowDowntime(milliseconds: 500), reason: "it does not converge"))
        }
        if random.oneIn(40) {
            events.append(.failed(step.id, error: "the connection was lost"))
            return false
        }
        events.append(.arrived(step.id, statistics(of: step), note: nil))
        return true
    }

    private mutating func statistics(of step: Step) -> MigrationStatistics {
        let estimate = step.estimate
        var statistics = MigrationStatistics(
            durationMilliseconds: estimate.durationMilliseconds * Int64(random.int(800...1400))
                / 1000,
            downtimeMilliseconds: Int64(random.int(20...300)), transferred: estimate.transferred,
            iterations: random.int(2...9))
        guard random.int(1...4) > 1 else { return statistics }
        statistics.totalMemory = .gibibytes(4)
        statistics.emptyMemory = .mebibytes(Int64(random.int(100...3000)))
        return statistics
    }

    private mutating func rollBack(
        _ moved: [Step], of plan: MigrationPlan, _ events: inout [JournalEvent]
    ) {
        let back = moved.reversed().enumerated().map { index, step in
            var step = step
            step.id = StepID(index + 1)
            step.after = []
            step.move = Move(
                domain: step.move.domain, source: step.move.target, target: step.move.source)
            return step
        }
        var way = plan
        way.kind = .rollback
        way.steps = back
        events.append(.taken(process: 2, goal: .rollback))
        events.append(.planned(way, goal: .rollback))
        for step in back {
            let id = StepID(plan.steps.count + step.id.rawValue)
            events.append(.intent(id, attempt: 1, persistent: true, autostart: false))
            events.append(.arrived(id, statistics(of: step), note: nil))
        }
        world = world.applying(back.map(\.move))
        drained = nil
        events.append(.ended(RunOutcome(.rolledBack)))
    }
}
