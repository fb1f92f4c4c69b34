package import ClusterModel
package import PlacementPolicy

/// What the timer does now.
package enum RebalanceDecision: Hashable, Sendable {
    /// Nothing, and why.
    case wait(String)
    /// This, and what for.
    case plan(MigrationPlan, reason: String)
}

/// Decides whether a fleet is worth touching now: the rules that keep a balancer from chasing its
/// own tail stand around the planner, which alone decides what goes where.
///
/// At most one move of a domain in a period of load, whatever the load, as long as the period is no
/// longer than `rest`: a domain that was moved rests for `rest`, then for twice that, and so on.
package struct Rebalancer: Sendable {
    private let policy: Policy
    private let seed: UInt64
    private let effort: SearchEffort
    /// Must accept a plan before it is anybody's: the judge is handed in, as planner and judge are
    /// strangers.
    package typealias Judge = @Sendable (MigrationPlan, ClusterSnapshot, Policy) -> Bool
    private let accepts: Judge

    package init(
        _ policy: Policy, seed: UInt64 = 0, effort: SearchEffort = .standard,
        accepts: @escaping Judge
    ) {
        self.policy = policy
        self.seed = seed
        self.effort = effort
        self.accepts = accepts
    }

    private var rules: RebalanceRules { policy.rebalance }

    /// Takes the observation in, and answers it. The snapshot is made only when it is needed. What
    /// the plan moves is counted as moved: a plan that is not carried out then costs a rest, never
    /// a loop.
    package func decide(
        _ observation: RebalanceObservation, _ state: inout RebalanceState,
        snapshot: () -> ClusterSnapshot
    ) -> RebalanceDecision {
        state.note(observation, under: rules)
        guard !rules.quiet.contains(where: { $0.covers(milliseconds: observation.at.milliseconds) })
        else { return .wait("it is quiet hours") }
        let left = rules.movesPerHour.map { $0 - state.recent.count }
        guard left.map({ $0 > 0 }) ?? true else {
            return .wait("\(state.recent.count) moves in the last hour: the limit is reached")
        }
        var why = ""
        for ask in [sustainedOverload, forecastOverload, sustainedImbalance, hostsToEmpty] {
            guard let goal = ask(observation, &state) else { continue }
            if goal.aim.isTriedAtEveryObservation,
                let backOff = state.backOff(goal.aim, goal.hosts, at: observation.at)
            {
                why = Self.backOffText(goal, backOff.count, backOff.last)
                continue
            }
            let seen = snapshot()
            guard seen.inFlight.isEmpty else { return .wait("migrations are under way") }
            if goal.aim == .relieveForecast, !Self.tellsOfLater(seen) { continue }
            switch plan(goal, observation, state, seen, left) {
            case .wait(let reason):
                why = reason
                guard goal.aim.isTriedAtEveryObservation else { continue }
                let backOff = state.noteNoPlan(for: goal.aim, goal.hosts, at: observation.at)
                why += "; next attempt after \(backOff.until), or when something changes"
            case .plan(let plan, let reason):
                for step in plan.steps {
                    state.moved(
                        step.move.domain, to: step.move.target, at: observation.at, under: rules)
                }
                return .plan(plan, reason: reason)
            }
        }
        return .wait(why.isEmpty ? notSustained(observation) : why)
    }

    private static func backOffText(_ goal: Goal, _ count: Int, _ last: Timestamp) -> String {
        let until = last.advanced(byMilliseconds: RebalanceState.backOffTime(after: count))
        return "\(goal.words), but no plan was found at \(last)"
            + (count > 1 ? " (\(count) times in a row)" : "")
            + "; next attempt after \(until), or when something changes"
    }

    private func notSustained(_ observation: RebalanceObservation) -> String {
        let over = observation.hosts.filter { !$0.isUnreachable && $0.excess > 0 }.map(
            \.name.rawValue)
        guard !over.isEmpty else { return "no host is overloaded" }
        return "overloaded now, but not in \(rules.held) of the last \(rules.looks) observations: "
            + over.joined(separator: ", ")
    }

    // MARK: What for

    /// Something that a plan could be made for.
    private struct Goal {
        var aim: PlanPurpose.Aim
        var hosts: [HostName] = []

        var words: String {
            switch aim {
            case .relieveOverload:
                "sustained overload: " + hosts.map(\.rawValue).joined(separator: ", ")
            case .relieveForecast:
                "hosts will be overloaded later, by the demand at each time of the period"
            case .evenOut: "sustained imbalance"
            case .consolidate: "hosts can be emptied"
            }
        }
    }

    private func sustainedOverload(
        _ observation: RebalanceObservation, _ state: inout RebalanceState
    )
        -> Goal?
    {
        let sustained = observation.hosts.filter {
            !$0.isUnreachable && state.isSustained($0.name, rules)
        }
        return sustained.isEmpty ? nil : Goal(aim: .relieveOverload, hosts: sustained.map(\.name))
    }

    /// With slots that are times of a period, the snapshot says what is to come; looked at once a
    /// slot.
    private func forecastOverload(
        _ observation: RebalanceObservation, _ state: inout RebalanceState
    )
        -> Goal?
    {
        guard let period = policy.demand.periodSeconds else { return nil }
        let every = period * 1000 / Int64(policy.demand.slots)
        if let last = state.forecastAt, observation.at.millisecondsSince(last) < every {
            return nil
        }
        state.noteForecast(at: observation.at)
        return Goal(aim: .relieveForecast)
    }

    /// What is alike at all times of the period, as demand is foreseen for domains without a day
    /// behind them, is not to come: it is there, and counts once it is seen.
    private static func tellsOfLater(_ snapshot: ClusterSnapshot) -> Bool {
        snapshot.domains.contains { domain in
            guard let cpu = domain.demand.cpu, let first = cpu.first else { return false }
            return cpu.contains { $0 != first }
        }
    }

    private func sustainedImbalance(
        _ observation: RebalanceObservation, _ state: inout RebalanceState
    )
        -> Goal?
    {
        rules.aim == .spread && state.isImbalanceSustained(rules) ? Goal(aim: .evenOut) : nil
    }

    private func hostsToEmpty(_ observation: RebalanceObservation, _ state: inout RebalanceState)
        -> Goal?
    {
        guard rules.aim == .consolidate, let since = state.calmSince,
            observation.at.millisecondsSince(since) >= rules.emptyAfterSeconds * 1000
        else { return nil }
        state.emptied(at: observation.at)
        return Goal(aim: .consolidate)
    }

    // MARK: Planning

    /// A plan that does not pay back is asked for again with half as many moves: the planner takes
    /// those first that win most.
    private func plan(
        _ goal: Goal, _ observation: RebalanceObservation, _ state: RebalanceState,
        _ given: ClusterSnapshot, _ left: Int?
    ) -> RebalanceDecision {
        let snapshot = settled(given, state, observation.at)
        let resting = snapshot.domains.map(\.id).filter {
            state.rests($0, at: observation.at, rules)
        }
        var (most, why) = (left, String?.none)
        repeat {
            let policy = Self.policy(policy, for: goal.aim, movesLeft: most)
            let request: PlanRequest.Goal =
                goal.aim == .consolidate
                ? .consolidate(only: nil) : .balance(maxMoves: policy.balance.maxMoves)
            var plan = Planner.plan(
                PlanRequest(request, pinned: resting), from: snapshot, under: policy, seed: seed,
                effort: effort)
            guard plan.outcome == .plan, !plan.steps.isEmpty else { break }
            guard accepts(plan, snapshot, policy) else {
                return .wait("the plan checker rejects the plan")
            }
            if pays(plan, snapshot, policy, goal.aim) {
                plan.purpose = PlanPurpose(
                    aim: goal.aim, reason: goal.words, overSeconds: observation.overSeconds)
                return .plan(plan, reason: goal.words)
            }
            let count = plan.steps.count
            why =
                why
                ?? (count > 1
                    ? "neither these \(count) moves nor fewer pay" : "the move does not pay")
                + " back within \(Self.duration(rules.residenceSeconds))"
            most = min(count, most ?? count) / 2
        } while most != 0
        return .wait(why ?? "no better placement is possible with the domains that may move")
    }

    private static func duration(_ seconds: Int64) -> String {
        if seconds % 3600 == 0 { return "\(seconds / 3600) h" }
        return seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds) s"
    }

    private func pays(
        _ plan: MigrationPlan, _ snapshot: ClusterSnapshot, _ policy: Policy,
        _ aim: PlanPurpose.Aim
    ) -> Bool {
        let worth = PlanWorth(plan, on: snapshot, under: policy, isEmptying: aim == .consolidate)
        return worth.gain * rules.residenceSeconds >= worth.cost
    }

    /// What the planner is to keep to for the sake of this aim.
    package static func policy(
        _ given: Policy, for aim: PlanPurpose.Aim, movesLeft: Int? = nil
    ) -> Policy {
        var policy = given
        // What moves cost is held against what they win, and `movesPerHour` says how many.
        policy.balance.maxMovesForSpread = 10_000
        func least(_ own: Int?) -> Int? { [own, movesLeft].compactMap(\.self).min() }
        switch aim {
        case .relieveOverload, .relieveForecast:
            // Only overload, and down to where it stays calm.
            policy.balance.spread = 10_000
            policy.balance.cpuLimit = max(0, given.balance.cpuLimit - given.rebalance.calm)
            policy.balance.memoryLimit = max(0, given.balance.memoryLimit - given.rebalance.calm)
            policy.balance.maxMoves = least(given.balance.maxMoves)
        case .evenOut:
            policy.balance.spread = max(0, given.balance.spread - given.rebalance.calm)
            policy.balance.maxMoves = least(given.balance.maxMoves)
        case .consolidate: policy.consolidate.maxMoves = least(given.consolidate.maxMoves)
        }
        return policy
    }

    /// Hosts that just came back count as under maintenance: nothing goes there.
    private func settled(
        _ snapshot: ClusterSnapshot, _ state: RebalanceState, _ now: Timestamp
    ) -> ClusterSnapshot {
        var hosts = snapshot.hosts
        for host in hosts.indices where !state.hasAnsweredForLong(hosts[host].name, at: now, rules)
        {
            hosts[host].inMaintenance = true
        }
        return ClusterSnapshot(
            snapshot, hosts: hosts, domains: snapshot.domains, inFlight: snapshot.inFlight)
    }
}
