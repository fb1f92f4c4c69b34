import ClusterModel
import PlacementPolicy

/// Only domains move that may: nothing in themselves, the policy or the moment forbids it.
enum MobilityCheck {
    static func violations(_ it: CheckedCase) -> [Violation] {
        it.plan.steps.flatMap { step -> [Violation] in
            guard let domain = it.domains[step.move.domain] else { return [] }
            return reasons(domain, it).map {
                Violation(.mobility, step: step.id, "\(domain.name) must not move: \($0)")
            }
        }
    }

    static func reasons(_ domain: Domain, _ it: CheckedCase) -> [String] {
        // In which way it moves, and what forbids that, is looked at with each step.
        let isNamed = CheckedModes.mayBeCold(domain.name, it.policy)
        var reasons = domain.facts.blockers.filter { !isNamed || !$0.reason.endsWithShutdown }
            .map(\.detail)
        if domain.facts.isPinned || it.policy.pin.matches(domain.name) { reasons.append("pinned") }
        if domain.facts.isExcluded || it.policy.exclude.matches(domain.name) {
            reasons.append("excluded")
        }
        if it.snapshot.inFlight.contains(where: { $0.domain == domain.id }) {
            reasons.append("a migration of it is under way")
        }
        if it.hosts[domain.host]?.isReachable != true { reasons.append("its host is unreachable") }
        if domain.facts.state == .shuttingDown { reasons.append("it is shutting down") }
        if it.seenTwice.contains(domain.id) { reasons.append("it is active on two hosts") }
        return reasons
    }
}
