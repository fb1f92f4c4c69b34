package import ClusterModel
import PlacementPolicy

/// Plans that are to be over by a time.
extension PlanService {
    /// The plan itself where it will be over in time, even if everything takes as long as it may;
    /// that is said. Otherwise it is infeasible, with what would help.
    package func held(
        _ plan: MigrationPlan, to deadline: DrainDeadline?, for goal: PlanGoal
    ) async throws -> MigrationPlan {
        guard let deadline, plan.outcome == .plan else { return plan }
        let now = observer.now()
        let timing = PlanTiming(plan, deadline, at: now)
        guard timing.isLate else {
            await observer.progress.observe(
                .note("by \(deadline.clock(deadline.time)): the plan \(timing.words)"))
            return plan
        }
        var remedies: [String] = []
        if let rest = try await leavingOut(of: plan, for: goal, deadline, now) {
            remedies.append(rest)
        }
        if let limits = try await raising(goal, deadline, now) { remedies.append(limits) }
        remedies.append("give it more time: \(timing.enough)")
        var refused = plan
        refused.outcome = .infeasible
        refused.steps = []
        refused.blockers.append(
            Blocker(
                reason: .deadline,
                detail: "it \(timing.words), \(timing.lateness) after --deadline "
                    + deadline.words.quotedForShell,
                remedy: remedies.joined(separator: "; or ")))
        return refused
    }

    /// The longest migrations, as few as it takes, and when the rest is over; nil where the rest
    /// must not be nothing and still is too long.
    private func leavingOut(
        of plan: MigrationPlan, for goal: PlanGoal, _ deadline: DrainDeadline, _ now: Timestamp
    ) async throws -> String? {
        guard case .drain(let hosts, let bestEffort, let wishes) = goal else { return nil }
        let candidates = Self.longest(of: plan, leaving: hosts)
        func made(without count: Int) async throws -> MigrationPlan? {
            var wishes = wishes
            wishes.except += candidates.prefix(count).map(\.domain.rawValue)
            let made = try await quiet.plan(
                .drain(hosts, bestEffort: bestEffort, wishes: wishes))
            return made.outcome == .plan && !PlanTiming(made, deadline, at: now).isLate
                ? made : nil
        }
        var (fewest, most) = (1, candidates.count - 1)
        var best: (count: Int, plan: MigrationPlan)?
        while fewest <= most {
            let count = (fewest + most) / 2
            if let plan = try await made(without: count) {
                best = (count, plan)
                most = count - 1
            } else {
                fewest = count + 1
            }
        }
        guard let best else { return nil }
        let options = candidates.prefix(best.count).map { mover in
            let isAlone = candidates.count { $0.name == mover.name } == 1
            return "--except \((isAlone ? mover.name : mover.domain.rawValue).quotedForShell)"
        }
        return "leave out \(options.joined(separator: " ")): the rest "
            + PlanTiming(best.plan, deadline, at: now).words
    }

    /// Who leaves these hosts, the longest migration first.
    private static func longest(
        of plan: MigrationPlan, leaving hosts: [HostName]
    ) -> [(domain: DomainID, name: String, milliseconds: Int64)] {
        var found: [(domain: DomainID, name: String, milliseconds: Int64)] = []
        for step in plan.steps {
            let estimate = step.estimate
            let most = max(
                estimate.durationMilliseconds, estimate.prediction?.duration.high ?? 0)
            if let index = found.firstIndex(where: { $0.domain == step.move.domain }) {
                found[index].milliseconds += most
            } else if hosts.contains(step.move.source) {
                found.append((step.move.domain, step.domainName, most))
            }
        }
        return found.sorted { ($1.milliseconds, $0.name) < ($0.milliseconds, $1.name) }
    }

    /// Limits of the policy under which it would be over in time; nil where there are none.
    private func raising(
        _ goal: PlanGoal, _ deadline: DrainDeadline, _ now: Timestamp
    ) async throws -> String? {
        var wider: [(words: String, policy: Policy)] = []
        if let bandwidth = policy.migration.bandwidth {
            var unbounded = policy
            unbounded.migration.bandwidth = nil
            wider.append(("drop the limit of --bandwidth \(bandwidth)", unbounded))
        }
        var twice = policy
        twice.limits.perHost *= 2
        twice.limits.fleet *= 2
        let limits = twice.limits
        wider.append(
            (
                "raise the policy's limits to {perHost: \(limits.perHost), fleet: "
                    + "\(limits.fleet)}", twice
            ))
        for (words, policy) in wider {
            let made = try await quiet.under(policy).plan(goal)
            let timing = PlanTiming(made, deadline, at: now)
            if made.outcome == .plan, !timing.isLate { return "\(words): it \(timing.words)" }
        }
        return nil
    }

    private var quiet: PlanService { watching(observer.told(by: Silence())) }
}

/// When a plan that begins now is over, set against a deadline.
private struct PlanTiming {
    private let plan: MigrationPlan
    private let deadline: DrainDeadline
    private let now: Timestamp
    private let range: StepPrediction.Range

    init(_ plan: MigrationPlan, _ deadline: DrainDeadline, at now: Timestamp) {
        self.plan = plan
        self.deadline = deadline
        self.now = now
        range = plan.makespanRange
    }

    var isLate: Bool { range.high > deadline.left(at: now) }
    var lateness: String { Self.text(range.high - deadline.left(at: now)) }

    /// `needs 18 min (14 min to 24 min) and will be over at 21:47, at 21:53 at the latest`.
    var words: String {
        let times = [range.low, plan.makespanMilliseconds, range.high].map(Self.text)
        let ends = [plan.makespanMilliseconds, range.high].map {
            deadline.clock(now.advanced(byMilliseconds: $0))
        }
        return "needs \(times[1]) (\(times[0]) to \(times[2])) and will be over at \(ends[0])"
            + (ends[0] == ends[1] ? "" : ", at \(ends[1]) at the latest")
    }

    /// A deadline that it keeps if it begins within a minute: `--deadline 25m`.
    var enough: String { "--deadline \((range.high + 119_999) / 60_000)m" }

    private static func text(_ milliseconds: Int64) -> String {
        Format.duration(milliseconds: milliseconds)
    }
}
