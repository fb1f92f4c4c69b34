import ClusterModel

/// The outcome agrees with the steps and the blockers.
enum OutcomeCheck {
    static func violations(_ plan: MigrationPlan) -> [Violation] {
        switch plan.outcome {
        case .plan:
            return plan.steps.isEmpty ? [Violation(.outcome, "a plan without steps")] : []
        case .nothingToDo:
            return plan.steps.isEmpty
                ? [] : [Violation(.outcome, "steps where nothing is to be done")]
        case .infeasible:
            var found: [Violation] = []
            if !plan.steps.isEmpty {
                found.append(Violation(.outcome, "an infeasible plan has steps"))
            }
            if plan.blockers.isEmpty {
                found.append(Violation(.blockers, "infeasible, and nothing says why"))
            }
            return found
        }
    }
}
