import ClusterModel
import PlacementPolicy

/// What a way of planning comes to, before it is numbered, timed and put into words.
struct PlanDraft {
    var kind: MigrationPlan.Kind
    var hosts: [HostName]
    var outcome: MigrationPlan.Outcome
    var blockers: [Blocker] = []
    var problem: PlacementProblem
    var compatibility: Compatibility
    var sequence: [PlannedMove] = []
    /// Was the target chosen by the planner, and not given by the request?
    var choosesTargets = false
    /// Fewest moves that any plan for the request could have; nil when not known.
    var fewestMoves: Int?
    /// What no plan can undercut, by the score's names; beside the fewest moves.
    var bound: [String: Double] = [:]
    /// The figure whose distance to its bound is the plan's gap.
    var gapFigure: String?
    /// Is an infeasible outcome proven, and not only the end of a bounded search?
    var isProven = true
    /// Why the domain moves, for the rationale; nil when it makes room for others.
    var cause: (PlannedMove) -> String? = { _ in nil }

    func plan(
        from snapshot: ClusterSnapshot, under policy: Policy, seed: UInt64
    ) -> MigrationPlan {
        var plan = MigrationPlan(
            kind: kind, hosts: hosts, outcome: outcome,
            origin: MigrationPlan.Origin(
                digest: snapshot.digest, observedAt: snapshot.observedAt),
            policy: policy.name, seed: seed, limits: policy.limits, options: policy.migration,
            blockers: blockers)
        guard outcome == .plan else { return plan }
        let waits = StepGraph.waits(for: sequence, in: problem)
        let schedule = schedule(waits, policy)
        var final = WorkingPlacement(problem)
        for move in sequence {
            final.remove(move.domain)
            final.place(move.domain, on: move.target)
        }
        plan.steps = steps(waits, schedule, final)
        plan.makespanMilliseconds = schedule.makespanMilliseconds
        plan.score = PlanScore(
            before: PlacementScore.figures(WorkingPlacement(problem), domainsMoved: 0),
            after: PlacementScore.figures(final, domainsMoved: sequence.count),
            bound: bound.merging(fewestMoves.map { ["moves": Double($0)] } ?? [:]) { $1 })
        if let gapFigure, let bound = bound[gapFigure], bound > 0,
            let reached = plan.score?.after[gapFigure]
        {
            plan.score?.gap = max(0, (reached - bound) / bound)
        }
        return plan
    }

    private func schedule(
        _ waits: [[StepGraph.Wait]], _ policy: Policy
    ) -> ScheduleSimulation {
        let tasks = sequence.indices.map { index in
            let domain = problem.domains[sequence[index].domain]
            let memory = min(domain.facts.memory, domain.facts.balloon ?? domain.facts.memory)
            return ScheduleSimulation.Task(
                source: sequence[index].source, target: sequence[index].target, memory: memory,
                dirtyRate: domain.dirtyRate, after: waits[index].map(\.step))
        }
        return ScheduleSimulation(
            tasks, links: problem.hosts.map(\.linkMbps), limits: policy.limits,
            bandwidth: policy.migration.bandwidth)
    }

    private func steps(
        _ waits: [[StepGraph.Wait]], _ schedule: ScheduleSimulation, _ final: WorkingPlacement
    ) -> [Step] {
        let order = sequence.indices.sorted {
            (schedule.estimates[$0].startMilliseconds, $0)
                < (schedule.estimates[$1].startMilliseconds, $1)
        }
        var number = Array(repeating: 0, count: sequence.count)
        for (position, index) in order.enumerated() { number[index] = position + 1 }
        var lastOf: [Int: Int] = [:]
        for (index, move) in sequence.enumerated() { lastOf[move.domain] = index }
        let rationale = Rationale(
            problem: problem, compatibility: compatibility, final: final, cause: cause)
        return order.map { index in
            let move = sequence[index]
            let domain = problem.domains[move.domain]
            return Step(
                id: StepID(number[index]), domainName: domain.name,
                move: Move(
                    domain: domain.id, source: problem.hosts[move.source].name,
                    target: problem.hosts[move.target].name),
                after: Set(waits[index].map { StepID(number[$0.step]) }).sorted(),
                estimate: schedule.estimates[index],
                rationale: rationale.text(
                    move, waits: waits[index], stepNumber: number, sequence: sequence,
                    isDetour: lastOf[move.domain] != index, isChosen: choosesTargets),
                cautions: rationale.cautions(move))
        }
    }
}
