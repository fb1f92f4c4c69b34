import ClusterModel
import PlacementPolicy

/// Finds a smallest set of constraints that rule a drain or a move out, and the cheapest ways out.
///
/// A set of constraints conflicts when it stays infeasible with all others switched off. The
/// set found is smallest in the sense that leaving any one of it out makes it possible,
/// which a plan proves each time. Divide and conquer: U. Junker, "QuickXplain" (2004); about
/// k·log(n/k) plannings for k of n constraints, and never more than the budget.
struct ConflictSearch {
    /// A constraint that is switched off, or given way to by an amount. CPUs are none of a drain's.
    struct Change {
        var constraint: Relaxation
        /// nil switches it off.
        var amount: Bytes?
    }

    let snapshot: ClusterSnapshot
    let policy: Policy
    let request: PlanRequest
    let names: RelaxationProblem
    private let seed: UInt64
    private let effort: SearchEffort
    private let all: [Relaxation]
    private var checks: Int
    /// Did the budget end before the search did?
    private(set) var isCut = false
    /// Did some planning find nothing without having tried everything?
    private var isUnproven = false
    /// The last plan that was found.
    private(set) var found: PlanDraft?

    init(
        _ request: PlanRequest, _ snapshot: ClusterSnapshot, _ policy: Policy, seed: UInt64
    ) {
        self.snapshot = snapshot
        self.policy = policy
        self.request = request
        self.seed = seed
        let problem = PlacementProblem(snapshot, under: policy)
        names = RelaxationProblem(problem, snapshot, request)
        all = names.switches()
        checks = Self.checksAtMost(names)
        effort = SearchEffort(
            trialsPerRound: max(50, 200_000 / max(1, snapshot.hosts.count)),
            trialsPerRoundWhenSmall: 5000, trialsPerDomain: 50,
            proposals: snapshot.domains.count <= 24 ? 8000 : 0)
    }

    /// A planning costs about as much as there are domains, and leaving ones times targets: the
    /// whole stays within a second or two.
    private static func checksAtMost(_ names: RelaxationProblem) -> Int {
        let pairs = names.leaving.count * names.targets.count
        return min(400, 800_000 / (names.snapshot.domains.count + pairs / 8 + 100))
    }

    /// Fewer plannings than this lead nowhere.
    private static let checksAtLeast = 6

    /// What is known without any search: what all hosts together have too little of. What would be
    /// enough is not known.
    static func sums(_ blockers: [Blocker]) -> PlanConflict? {
        let sums = blockers.filter { $0.domain == nil && $0.host == nil && $0.reason != .ordering }
        guard !sums.isEmpty else { return nil }
        return PlanConflict(
            constraints: sums.map {
                PlanConflict.Constraint(kind: $0.reason.rawValue, detail: $0.detail)
            }, isSmallest: false, isProven: true, relaxations: [])
    }

    /// nil when nothing that is known here makes the drain possible.
    mutating func run() -> PlanConflict? {
        guard checks >= Self.checksAtLeast, isFeasible(all.map { Change(constraint: $0) }) else {
            return nil
        }
        let conflict = explain(beyond: [])
        guard !conflict.isEmpty else { return nil }
        let isSmallest = !isCut
        let isProven = stillConflicts(conflict)
        return PlanConflict(
            constraints: conflict.map {
                PlanConflict.Constraint(kind: $0.kind, detail: names.detail($0))
            }, isSmallest: isSmallest, isProven: isProven, relaxations: remedies(conflict))
    }

    // MARK: Checks

    /// Does a planning with these constraints switched off succeed? Without budget the answer is
    /// no, which keeps a constraint in the conflict and a way out of the list.
    mutating func isFeasible(_ changes: [Change]) -> Bool {
        guard checks > 0 else {
            isCut = true
            return false
        }
        checks -= 1
        var world = RelaxedSnapshot(
            snapshot, policy, request, hostIndex: names.problem.hostIndex)
        world.relax(changes.lazy.filter { $0.amount == nil }.map(\.constraint))
        for change in changes {
            if let amount = change.amount, case .supply(let supply, let hosts) = change.constraint {
                for host in hosts { world.add(supply, amount, to: host) }
            }
        }
        let relaxed = DrainWorld(
            world.snapshot, under: world.policy, world.request, cpu: .boundless)
        var planning = DrainPlanning(relaxed, seed: seed)
        let draft = planning.draft(bestEffort: false, effort: effort)
        guard draft.outcome == .infeasible else {
            found = draft
            return true
        }
        if !draft.isProven { isUnproven = true }
        return false
    }

    /// Asks once more about the conflict alone, for whether that answer is proven.
    private mutating func stillConflicts(_ conflict: [Relaxation]) -> Bool {
        isUnproven = false
        checks = max(checks, 1)
        let kept = Set(conflict)
        let others = all.filter { !kept.contains($0) }.map { Change(constraint: $0) }
        return !isFeasible(others) && !isUnproven
    }

    // MARK: Conflict

    /// A smallest conflict that remains when these constraints are switched off.
    mutating func explain(beyond off: [Relaxation]) -> [Relaxation] {
        let gone = Set(off)
        return explain([], false, all.filter { !gone.contains($0) })
    }

    private mutating func explain(
        _ background: [Relaxation], _ hasGrown: Bool, _ candidates: [Relaxation]
    ) -> [Relaxation] {
        if hasGrown, conflicts(background) { return [] }
        guard candidates.count > 1, !isCut else { return candidates }
        let middle = candidates.count / 2
        let (first, second) = (Array(candidates[..<middle]), Array(candidates[middle...]))
        let later = explain(background + first, true, second)
        let earlier = explain(background + later, !later.isEmpty, first)
        return earlier + later
    }

    private mutating func conflicts(_ kept: [Relaxation]) -> Bool {
        let kept = Set(kept)
        let isCutBefore = isCut
        let answer = !isFeasible(
            all.filter { !kept.contains($0) }.map { Change(constraint: $0) })
        // Without an answer nothing may be left out.
        return answer && isCut == isCutBefore
    }
}
