import ClusterModel
import PlacementPolicy

/// What a plan says that it breaks are rules that the policy only prefers, and its kind is one that
/// may.
enum BrokenRuleCheck {
    static func violations(_ plan: MigrationPlan, under policy: Policy) -> [Violation] {
        guard !plan.brokenRules.isEmpty else { return [] }
        switch plan.kind {
        case .balance, .consolidate:
            return [Violation(.reference, "a \(plan.kind.rawValue) may not break preferred rules")]
        case .drain, .move, .return, .rollback: break
        }
        let preferred = Set(policy.preferred.map(\.id))
        return plan.brokenRules.filter { !preferred.contains($0.rule) }.map {
            Violation(.reference, "\($0.title) is broken, and the policy requires it")
        }
    }
}
