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
    /// Steps of one batch wait for all of the batch before; empty when there are none.
    var batches: [Int] = []
    /// Was the target chosen by the planner, and not given by the request?
    var choosesTargets = false
    /// What the request asks for beyond its hosts, and who stays by it.
    var wishes = PlanWishes()
    var staying: [PlanNote] = []
    /// Domains of a drain or a move that are to leave, with those that they can only move with.
    var leaving: Set<DomainID> = []
    /// Fewest moves that any plan for the request could have; nil when not known.
    var fewestMoves: Int?
    /// What no plan can undercut, by the score's names; beside the fewest moves.
    var bound: [String: Double] = [:]
    /// Figures beside those of every plan, before and after it, and what the policy asks for.
    var reached: [[String: Double]] = []
    var asked: [String: Double] = [:]
    /// The figure whose distance to its bound is the plan's gap.
    var gapFigure: String?
    /// Is an infeasible outcome proven, and not only the end of a bounded search?
    var isProven = true
    /// Domains that were asked for and stay, by name.
    var left: Set<String> = []
    /// Is all done that was asked for?
    var isWhole = true
    /// How fast domains rewrite their memory, where that was measured after the draft was made.
    var measured: [DomainID: DirtyRates] = [:]
    /// Preferred rules that it breaks, as their policy has them.
    var brokenRules: [PreferredRule] = []
    /// Guests that are stopped or started where they are.
    var inPlace: InPlaceSteps?
    /// Why the domain moves, for the rationale; nil when it makes room for others.
    var cause: (PlannedMove) -> String? = { _ in nil }

    /// nil where it leaves somebody behind who leaves in the other, which had fewer constraints.
    /// The words for why the rest stays are the other's: it never is for what this one had to keep
    /// beside.
    func ifAsGood(as free: PlanDraft) -> PlanDraft? {
        guard outcome == .plan, left.isSubset(of: free.left) else { return nil }
        var draft = self
        draft.blockers = free.blockers.filter { blocker in
            blocker.domain.map(left.contains) ?? true
        }
        return draft
    }

    func plan(
        from snapshot: ClusterSnapshot, under policy: Policy, seed: UInt64
    ) -> MigrationPlan {
        var plan = MigrationPlan(
            kind: kind, hosts: hosts, outcome: outcome,
            origin: MigrationPlan.Origin(of: snapshot),
            policy: policy.name, seed: seed, limits: policy.limits, options: policy.migration,
            blockers: blockers)
        (plan.wishes, plan.staying) = (wishes, staying)
        plan.unreachable = snapshot.hosts.filter { !$0.isReachable }.map(\.name).sorted()
        guard outcome == .plan else {
            if outcome == .nothingToDo, !asked.isEmpty { plan.score = score(after: [], bound: nil) }
            return plan
        }
        let waits = StepGraph.waits(for: sequence, in: problem, batches: batches)
        let timing = timing(waits, snapshot.calibration ?? TransferCalibration(), policy, seed)
        let final = placement(after: sequence)
        plan.limits = timing.limits
        plan.steps = steps(waits, timing, final)
        let share = LeastOvershoot.share(of: self)
        plan.cpuShare = share > 10_000 ? share : nil
        plan.brokenRules = RuleBreaking.told(brokenRules, final)
        plan.makespanMilliseconds = timing.simulation.makespanMilliseconds
        // With others beside the migrations the bound of these bounds nothing.
        plan.score = score(
            after: sequence, bound: inPlace == nil ? timing.boundMilliseconds : nil)
        inPlace?.write(into: &plan, snapshot.calibration ?? TransferCalibration())
        if let gapFigure, let bound = bound[gapFigure], bound > 0,
            let reached = plan.score?.after[gapFigure]
        {
            plan.score?.gap = max(0, (reached - bound) / bound)
        }
        return plan
    }

    private func placement(after moves: [PlannedMove]) -> WorkingPlacement {
        var placement = WorkingPlacement(problem)
        for move in moves {
            placement.remove(move.domain)
            placement.place(move.domain, on: move.target)
        }
        return placement
    }

    private func score(after moves: [PlannedMove], bound makespan: Int64?) -> PlanScore {
        let before = PlacementScore.figures(WorkingPlacement(problem), domainsMoved: 0)
        let after = PlacementScore.figures(
            placement(after: moves), domainsMoved: moves.count)
        return PlanScore(
            before: before.merging(reached.first ?? [:]) { $1 },
            after: after.merging(reached.last ?? [:]) { $1 }, asked: asked,
            bound: bound.merging(fewestMoves.map { ["moves": Double($0)] } ?? [:]) { $1 },
            makespanBoundMilliseconds: makespan)
    }

    private func timing(
        _ waits: [[StepGraph.Wait]], _ calibration: TransferCalibration, _ policy: Policy,
        _ seed: UInt64
    ) -> StepTiming {
        let contents = Dictionary(
            calibration.contents.map { ($0.domain, $0.memory) }, uniquingKeysWith: { $1 })
        let tasks = sequence.indices.map { index in
            let (source, target) = (sequence[index].source, sequence[index].target)
            let domain = problem.domains[sequence[index].domain]
            let isCold =
                compatibility.mode(
                    sequence[index].domain, from: source, to: target) == .offline
            return ScheduleSimulation.Task(
                source: source, target: target,
                memory: (isCold ? .zero : domain.memoryToSend(lately: contents[domain.id]))
                    + copied(sequence[index]),
                dirtyRate: isCold ? nil : domain.dirtyRate,
                after: Set(waits[index].map(\.step)).sorted(),
                dirtyRates: isCold ? nil : measured[domain.id] ?? domain.dirtyRates,
                fit: isCold && domain.facts.state.isActive
                    ? calibration.cold ?? .assumedCold
                    : calibration.fit(
                        from: problem.hosts[source].name, to: problem.hosts[target].name))
        }
        return StepTiming(
            tasks, links: problem.hosts.map(\.linkMbps), limits: policy.limits,
            options: policy.migration, seed: seed)
    }

    /// Bytes of the disks that go with a move.
    private func copied(_ move: PlannedMove) -> Bytes {
        let names = Set(compatibility.copies(move.domain, from: move.source, to: move.target))
        return problem.domains[move.domain].facts.disks
            .filter { names.contains($0.target) }.reduce(.zero) { $0 + $1.size }
    }

    private func steps(
        _ waits: [[StepGraph.Wait]], _ timing: StepTiming, _ final: WorkingPlacement
    ) -> [Step] {
        // The list is the order of priority: played in it, the same starts come out.
        let estimates = timing.estimates
        let order = timing.order.enumerated().sorted {
            (estimates[$0.element].startMilliseconds, $0.offset)
                < (estimates[$1.element].startMilliseconds, $1.offset)
        }.map(\.element)
        var number = Array(repeating: 0, count: sequence.count)
        let first = 1 + (inPlace?.startCount ?? 0)
        for (position, index) in order.enumerated() { number[index] = first + position }
        var lastOf: [Int: Int] = [:]
        for (index, move) in sequence.enumerated() { lastOf[move.domain] = index }
        let rationale = Rationale(
            problem: problem, compatibility: compatibility, final: final, cause: cause)
        let isTargetNamed = wishes.to.count == 1
        let overshoot = CPUOvershoot.all(of: sequence, in: problem)
        return order.map { index in
            let move = sequence[index]
            let domain = problem.domains[move.domain]
            let mode = compatibility.mode(move.domain, from: move.source, to: move.target)
            var estimate = estimates[index]
            if mode == .offline {
                let isOn = domain.facts.state.isActive
                estimate.downtimeMilliseconds = isOn ? estimate.durationMilliseconds : 0
                if let whole = estimate.prediction?.duration {
                    let none = StepPrediction.Range(low: 0, high: 0)
                    estimate.prediction?.downtime = isOn ? whole : none
                }
            }
            var step = Step(
                id: StepID(number[index]), domainName: domain.name,
                move: Move(
                    domain: domain.id, source: problem.hosts[move.source].name,
                    target: problem.hosts[move.target].name),
                mode: mode,
                after: Set(waits[index].map { StepID(number[$0.step]) }).sorted(),
                estimate: estimate,
                rationale: rationale.text(
                    move, waits: waits[index], stepNumber: number, sequence: sequence,
                    isDetour: lastOf[move.domain] != index,
                    isChosen: choosesTargets && !(isTargetNamed && leaving.contains(domain.id))),
                cautions: rationale.cautions(move) + timing.cautions(index)
                    + (overshoot[move.target].map { [$0.caution(problem.hosts[move.target].name)] }
                        ?? []))
            step.copies = compatibility.copies(
                move.domain, from: move.source, to: move.target)
            step.copiesTopLayer =
                problem.policy.storageCopy(of: domain.name) == .topLayer
                && (mode == .storage
                    || mode == .offline && domain.facts.hasBase(underAny: step.copies))
            step.interfaces = compatibility.interfaces(
                move.domain, from: move.source, to: move.target)
            step.emulators = compatibility.emulators(
                move.domain, from: move.source, to: move.target)
            step.isShutOff = !domain.facts.state.isActive
            return step
        }
    }
}
