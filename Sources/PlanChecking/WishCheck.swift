import ClusterModel

/// What was asked for by name is kept: who is to move really leaves, and ends on a host that was
/// asked for, or a blocker says why not; who is to stay makes no step; and hosts that were left out
/// receive nothing, not even on the way.
enum WishCheck {
    /// A plan that has forgotten what it was asked for would be held to nothing.
    static func violations(_ plan: MigrationPlan, asked: PlanWishes?) -> [Violation] {
        guard let asked, plan.wishes != asked else { return [] }
        return [Violation(.wishes, "the plan was made for something else than was asked for")]
    }

    static func violations(_ subject: CheckedCase) -> [Violation] {
        let plan = subject.plan
        let excepted = Set(plan.wishes.except.map(\.domain))
        let steps = plan.steps.flatMap { step -> [Violation] in
            var found: [Violation] = []
            if excepted.contains(step.move.domain) {
                found.append(
                    Violation(.wishes, step: step.id, "\(step.domainName) is to stay (--except)"))
            }
            if plan.wishes.notTo.contains(step.move.target) {
                found.append(
                    Violation(
                        .wishes, step: step.id, host: step.move.target,
                        "nothing is to go there (--not-to)"))
            }
            return found
        }
        return steps + ends(subject) + unmoved(subject)
    }

    /// Who leaves a drained host ends on one that was asked for.
    private static func ends(_ subject: CheckedCase) -> [Violation] {
        let wishes = subject.plan.wishes
        guard subject.plan.kind == .drain, !wishes.to.isEmpty else { return [] }
        return subject.final.sorted { $0.key < $1.key }.compactMap { id, end in
            guard let domain = subject.domains[id], end != domain.host,
                subject.plan.hosts.contains(domain.host), !wishes.to.contains(end)
            else { return nil }
            return Violation(
                .wishes, host: end, "\(domain.name) is to end on \(list(wishes.to)) (--to)")
        }
    }

    /// Each domain of a move.
    private static func unmoved(_ subject: CheckedCase) -> [Violation] {
        guard subject.plan.kind == .move else { return [] }
        let wishes = subject.plan.wishes
        if wishes.moves.isEmpty { return [Violation(.wishes, "it names no domain to move")] }
        let excused = Set(subject.plan.blockers.compactMap(\.domain))
        return wishes.moves.compactMap { wished in
            let place = subject.final[wished.domain]
            let name = subject.domains[wished.domain]?.name ?? wished.name
            if excused.contains(name) { return nil }
            guard let end = place ?? subject.snapshot.domain(wished.domain)?.host else {
                return Violation(.wishes, "\(name) is nowhere, and no blocker says so")
            }
            let isThere =
                wishes.to.isEmpty ? end != wished.host : wishes.to.contains { $0 == end }
            guard !isThere else { return nil }
            let wish = wishes.to.isEmpty ? "leave \(wished.host)" : "end on \(list(wishes.to))"
            return Violation(
                .wishes, host: end, "\(name) is to \(wish), and no blocker says why it does not")
        }
    }

    private static func list(_ hosts: [HostName]) -> String {
        hosts.map(\.rawValue).joined(separator: " or ")
    }
}
