import ClusterModel
import PlacementPolicy

/// N+1: whichever host fails once the plan is carried out (and if the policy asks, at any moment of
/// it), the others have room for what ran there.
///
/// A host whose failure could not be made good at the start must only not become worse. Returns and
/// rollbacks bring back what was, and are not held to it.
enum NPlusOneCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        guard subject.policy.nPlusOne != .off else { return [] }
        switch subject.plan.kind {
        case .return, .rollback: return []
        case .drain, .move, .balance, .consolidate: break
        }
        let before = Failover(subject, closed: [])
        let start = before.standing(subject.domains.mapValues { Set([$0.host]) })
        let after = Failover(subject, closed: closed(subject))
        var moments = [("after the plan", subject.final.mapValues { Set([$0]) })]
        if subject.policy.nPlusOne == .during {
            moments += subject.plan.steps.map {
                ("during step \($0.id)", places(during: $0, subject))
            }
        }
        return moments.flatMap { name, places -> [Violation] in
            let standing = after.standing(places)
            return subject.snapshot.hosts.compactMap { host -> Violation? in
                let left = after.leftOver(ifFails: host, standing)
                guard left > 0, left > before.leftOver(ifFails: host, start, exact: false)
                else { return nil }
                return Violation(
                    .nPlusOne, host: host.name,
                    "\(name), \(Bytes(left)) would find no room if it failed")
            }
        }
    }

    /// Hosts that can take over nothing once the plan is carried out.
    private static func closed(_ subject: CheckedCase) -> Set<HostName> {
        switch subject.plan.kind {
        case .drain: return Set(subject.plan.hosts)
        case .consolidate:
            // A host that something is on its way to stays in use, and one with a copy of a domain
            // that is seen twice.
            return Set(subject.hosts.keys).subtracting(subject.final.values)
                .subtracting(
                    subject.active.filter { subject.seenTwice.contains($0.id) }.map(\.host)
                )
                .subtracting(subject.snapshot.inFlight.compactMap(\.target))
        case .move, .balance, .return, .rollback: return []
        }
    }

    /// All that may be the case while a step runs: what it waited for is done, what waits for it
    /// has not begun, and of all other steps nobody knows, so that both ends keep room.
    private static func places(
        during step: Step, _ subject: CheckedCase
    ) -> [DomainID: Set<HostName>] {
        var places = subject.domains.mapValues { Set([$0.host]) }
        let done = subject.ancestors(of: step)
        for id in Set(subject.plan.steps.map(\.move.domain)) {
            for own in subject.steps(of: id) {
                if done.contains(own.id) {
                    places[id] = [own.move.target]
                } else if !subject.ancestors(of: own).contains(step.id) {
                    places[id]?.insert(own.move.target)
                }
            }
        }
        return places
    }
}
