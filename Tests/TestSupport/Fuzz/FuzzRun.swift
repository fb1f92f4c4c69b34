import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
package import Planning

/// Plans a stretch of fuzzed problems and holds each plan against the judge and, where the problem
/// is small enough, against an exhaustive search.
package struct FuzzRun: Sendable {
    /// What came of the problems, by name; `digest` is over all bytes of all plans.
    package private(set) var counts: [String: Int] = [:]
    /// One sentence for each disagreement, opening with the problem's number.
    package private(set) var failures: [String] = []
    private var bytes = StableDigest()
    let effort: SearchEffort
    private let placementsAtMost: Int

    /// Enough to search small problems to the end, and little for the larger ones among them.
    package static let effort = SearchEffort(
        trialsPerRound: 500, trialsPerRoundWhenSmall: 60_000, trialsPerDomain: 100,
        trialsPerLevel: 20, proposals: 500_000, explainsConflicts: false)

    /// Small problems are looked at exhaustively up to `placementsAtMost`; 0 switches that off.
    package init(effort: SearchEffort = FuzzRun.effort, placementsAtMost: Int) {
        self.effort = effort
        self.placementsAtMost = placementsAtMost
    }

    package var digest: String { bytes.hexadecimal }

    /// Plans the problem of this number.
    package mutating func look(at number: UInt64) {
        let problem = FuzzProblem(number: number)
        let plan = planned(problem, "")
        askOracle(plan, problem)
        vary(problem, plan)
    }

    /// A plan for a problem, held against all that is asked of every plan.
    mutating func planned(_ problem: FuzzProblem, _ what: String) -> MigrationPlan {
        var effort = effort
        // Explaining costs as much as hundreds of plannings.
        effort.explainsConflicts = problem.number % 64 == 0
        let plan = Planner.plan(
            problem.request, from: problem.snapshot, under: problem.policy, seed: problem.number,
            effort: effort)
        if let conflict = plan.conflict { keepsPromises(conflict, problem.number) }
        count("\(what)\(plan.kind.rawValue): \(plan.outcome.rawValue)")
        for violation in PlanChecker.check(
            plan, on: problem.snapshot, under: problem.policy, asked: problem.request.wishes)
        {
            fail(problem.number, "the judge says of \(what)\(plan.kind.rawValue): \(violation)")
        }
        keepsRequest(plan, problem)
        keepsBounds(plan, problem.number)
        add(plan)
        return plan
    }

    /// Adds the bytes of a plan to the digest.
    mutating func add(_ plan: MigrationPlan) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let data = try? encoder.encode(plan) else {
            failures.append("a plan cannot be written as JSON")
            return
        }
        bytes.add(String(decoding: data, as: UTF8.self))
    }

    mutating func count(_ name: String) { counts[name, default: 0] += 1 }

    mutating func fail(_ number: UInt64, _ text: String) {
        failures.append("problem \(number): \(text)")
    }

    private mutating func keepsRequest(_ plan: MigrationPlan, _ problem: FuzzProblem) {
        for step in plan.steps {
            let pair = ForbiddenTarget(step.move.domain, step.move.target)
            if problem.request.forbidden.contains(pair)
                || problem.request.pinned.contains(step.move.domain)
            {
                fail(problem.number, "step \(step.id) was ruled out by the request")
            }
        }
        if case .balance(let moves?) = problem.request.goal,
            Set(plan.moves.map(\.domain)).count > moves
        {
            fail(problem.number, "more moves than asked for")
        }
    }

    /// What no plan can undercut, the plan does not undercut.
    private mutating func keepsBounds(_ plan: MigrationPlan, _ number: UInt64) {
        guard let score = plan.score else { return }
        for (figure, bound) in score.bound where (score.after[figure] ?? bound) < bound {
            fail(number, "\(figure) is \(score.after[figure] ?? 0), below its bound \(bound)")
        }
        if let gap = score.gap, gap < 0 { fail(number, "the gap is negative") }
    }

    private mutating func keepsPromises(_ conflict: PlanConflict, _ number: UInt64) {
        count("conflicts explained")
        if conflict.constraints.isEmpty || conflict.relaxations.contains([]) {
            fail(number, "a conflict of nothing, or a way out that asks for nothing")
        }
        if conflict.isSmallest, conflict.relaxations.isEmpty {
            fail(number, "a conflict without a way out")
        }
        if conflict.isSmallest { count("conflicts that are smallest") }
        if conflict.isProven { count("conflicts that are proven") }
    }

    mutating func askOracle(_ plan: MigrationPlan, _ problem: FuzzProblem) {
        guard placementsAtMost > 0,
            let oracle = DrainOracle(problem, placementsAtMost: placementsAtMost)
        else { return }
        let verdict = oracle.verdict()
        count("\(plan.kind.rawValue)s searched exhaustively: \(verdict)")
        let isDone = plan.outcome != .infeasible
        if isDone != (verdict == .feasible) {
            let blockers = plan.blockers.map { "\($0.domain ?? "-"): \($0.detail)" }
            fail(
                problem.number,
                "the plan is \(plan.outcome.rawValue), exhaustive search says \(verdict) "
                    + "\(blockers)"
            )
        }
    }
}
