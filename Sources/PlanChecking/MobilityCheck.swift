import ClusterModel
import PlacementPolicy

/// Only domains move that may: nothing in themselves, the policy or the moment forbids it.
enum MobilityCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        subject.plan.steps.flatMap { step -> [Violation] in
            guard let domain = subject.domains[step.move.domain] else { return [] }
            return reasons(domain, subject).map {
                Violation(.mobility, step: step.id, "\(domain.name) must not move: \($0)")
            }
        }
    }

    static func reasons(_ domain: Domain, _ subject: CheckedCase) -> [String] {
        // In which way it moves, and what forbids that, is looked at with each step.
        let isNamed = CheckedModes.mayBeCold(domain, subject)
        var reasons = domain.facts.blockers.filter { !isNamed || !$0.reason.endsWithShutdown }
            .map(\.detail)
        if domain.facts.isPinned || subject.policy.pin.matches(domain.name) {
            reasons.append("pinned")
        }
        if domain.facts.isExcluded || subject.policy.exclude.matches(domain.name) {
            reasons.append("excluded")
        }
        if let manager = domain.facts.manager, !isGivenUp(domain.facts, subject.policy) {
            reasons.append("it belongs to \(manager.name)")
        }
        if subject.snapshot.inFlight.contains(where: { $0.domain == domain.id }) {
            reasons.append("a migration of it is under way")
        }
        if subject.hosts[domain.host]?.isReachable != true {
            reasons.append("its host is unreachable")
        }
        if domain.facts.state == .shuttingDown { reasons.append("it is shutting down") }
        if domain.facts.state == .crashed { reasons.append("it has crashed") }
        if subject.seenTwice.contains(domain.id) { reasons.append("it is active on two hosts") }
        return reasons
    }

    /// Did the operator name another manager's guest, by its name or its UUID?
    static func isGivenUp(_ facts: DomainFacts, _ policy: Policy) -> Bool {
        policy.managed.matches(facts.name)
            || policy.managed.contains { $0.text.lowercased() == facts.id.rawValue.lowercased() }
    }
}
