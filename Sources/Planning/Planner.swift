package import ClusterModel
package import PlacementPolicy

/// Makes plans: a function from an observed cluster, a policy and a seed to steps that carry out a
/// request, or to what stands against it. The same input gives the same plan in every process.
package enum Planner {
    package static func plan(
        _ request: PlanRequest, from seen: ClusterSnapshot, under policy: Policy, seed: UInt64,
        effort: SearchEffort = .standard
    ) -> MigrationPlan {
        proposal(request, from: seen, under: policy, seed: seed, effort: effort).plan
    }

    /// The same, with what it takes to time the plan again.
    package static func proposal(
        _ request: PlanRequest, from seen: ClusterSnapshot, under policy: Policy, seed: UInt64,
        effort: SearchEffort = .standard
    ) -> PlanProposal {
        // Who was stopped by the run itself is off until the return, whatever moves definitions.
        let resting = Set(request.stopped)
        let snapshot = barred(seen, under: policy).withoutInactive(resting)
        let draft: PlanDraft
        switch request.goal {
        case .drain(_, let bestEffort), .move(let bestEffort):
            let unmovable = UnmovableGuests(request, snapshot, under: policy)
            let (world, rules) = (unmovable.leavingOut(snapshot), unmovable.allowing(policy))
            draft = RuleBreaking.draft(rules, effort) { rules, effort in
                LeastOvershoot.draft(effort) { cpu, effort in
                    let world = DrainWorld(world, under: rules, request, cpu: cpu)
                    var planning = DrainPlanning(world, seed: seed)
                    return planning.draft(bestEffort: bestEffort, effort: effort)
                }
            }.stopping(unmovable, bestEffort: bestEffort)
            guard draft.outcome == .infeasible else { break }
            var plan = draft.plan(from: snapshot, under: policy, seed: seed)
            // An unreachable host is in no conflict with anything.
            guard effort.explainsConflicts, !draft.isWhole else {
                return PlanProposal(plan: plan, draft: draft)
            }
            var search = ConflictSearch(request, world, draft.problem.policy, seed: seed)
            plan.conflict = search.run() ?? ConflictSearch.sums(plan.blockers)
            return PlanProposal(plan: plan, draft: draft)
        case .return(_, let bestEffort), .moves(_, let bestEffort):
            let starts = GuestStarts(request, snapshot, under: policy)
            let world = starts.applied(to: snapshot)
            let rules = request.allowing(policy, in: world)
            draft = RuleBreaking.draft(rules, effort) { rules, effort in
                LeastOvershoot.draft(effort) { cpu, _ in
                    FixedPlanning(request, snapshot: world, policy: rules, cpu: cpu)
                        .draft(bestEffort: bestEffort)
                }
            }.starting(starts, in: snapshot, bestEffort: bestEffort)
        case .balance(let maxMoves):
            draft = BalancePlanning(
                maxMoves: maxMoves, request: request, snapshot: snapshot, policy: policy,
                seed: seed, effort: effort
            ).draft()
        case .consolidate:
            draft = ConsolidatePlanning(
                request, snapshot: snapshot, policy: policy, seed: seed, effort: effort
            ).draft()
        }
        var plan = draft.plan(from: snapshot, under: policy, seed: seed)
        PlanNotes(draft).write(into: &plan)
        return PlanProposal(plan: plan, draft: draft)
    }

    /// What each number of moves would buy, from none up; the plan's own choice is marked.
    package static func frontier(
        _ request: PlanRequest, from seen: ClusterSnapshot, under policy: Policy, seed: UInt64,
        effort: SearchEffort = .standard
    ) -> [BalanceOption] {
        guard case .balance(let maxMoves) = request.goal else { return [] }
        let snapshot = barred(seen, under: policy)
        return BalancePlanning(
            maxMoves: maxMoves, request: request, snapshot: snapshot, policy: policy, seed: seed,
            effort: effort
        ).options()
    }

    /// Rounds in which these hosts (all, where nil) can be emptied, rebooted and filled again. With
    /// `bestEffort`, hosts that cannot be emptied are left out and listed.
    package static func rollingReboot(
        _ hosts: [HostName]? = nil, bestEffort: Bool = false, from seen: ClusterSnapshot,
        under policy: Policy, seed: UInt64, effort: SearchEffort = .standard
    ) -> RollingReboot {
        RebootPlanning(barred(seen, under: policy), under: policy, seed: seed, effort: effort)
            .schedule(hosts, bestEffort: bestEffort)
    }

    /// The hosts on which a guest that does not run can be started, the best first.
    package static func placement(
        of request: GuestRequest, in seen: ClusterSnapshot, under policy: Policy
    ) -> GuestPlacement {
        GuestPlacing(request, in: policy.measured(seen), under: policy).result()
    }

    /// What there is room for beyond what runs: for the guests of a host that fails, and for more
    /// guests like this one, where there is one.
    package static func headroom(
        for request: GuestRequest?, in seen: ClusterSnapshot, under policy: Policy
    ) -> FleetHeadroom {
        let snapshot = policy.measured(seen)
        var headroom = LossCount(snapshot, under: policy).headroom()
        headroom.room = request.map {
            GuestPlacing($0, in: snapshot, under: policy).room()
        }
        return headroom
    }

    /// The CPUs that all hosts have, and the guests that have others.
    package static func cpuBaseline(
        of snapshot: ClusterSnapshot, under policy: Policy
    ) -> CPUBaseline { CPUBaselining(snapshot, under: policy).result() }

    /// The same world, with what others use of its hosts, and with what the moment has against
    /// moving some of its domains.
    static func barred(_ seen: ClusterSnapshot, under policy: Policy) -> ClusterSnapshot {
        ConvergenceForecast.blocking(in: policy.measured(seen), under: policy)
    }
}
