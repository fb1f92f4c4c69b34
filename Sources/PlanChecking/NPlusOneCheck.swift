import ClusterModel
import PlacementPolicy

/// N+1: whichever host fails once the plan is carried out (and if the policy asks, at any moment of
/// it), the others have room for what ran there.
///
/// A host whose failure could not be made good at the start must only not become worse. Returns and
/// rollbacks bring back what was, and are not held to it.
enum NPlusOneCheck {
    static func violations(_ it: CheckedCase) -> [Violation] {
        guard it.policy.nPlusOne != .off else { return [] }
        switch it.plan.kind {
        case .return, .rollback: return []
        case .drain, .balance, .consolidate: break
        }
        let before = Failover(it, closed: [])
        let start = before.standing(it.domains.mapValues { Set([$0.host]) })
        let after = Failover(it, closed: closed(it))
        var moments = [("after the plan", it.final.mapValues { Set([$0]) })]
        if it.policy.nPlusOne == .during {
            moments += it.plan.steps.map { ("during step \($0.id)", places(during: $0, it)) }
        }
        return moments.flatMap { name, places -> [Violation] in
            let standing = after.standing(places)
            return it.snapshot.hosts.compactMap { host -> Violation? in
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
    private static func closed(_ it: CheckedCase) -> Set<HostName> {
        switch it.plan.kind {
        case .drain: return Set(it.plan.hosts)
        case .consolidate:
            // A host that something is on its way to stays in use, and one with a copy of a domain that
            // is seen twice.
            return Set(it.hosts.keys).subtracting(it.final.values)
                .subtracting(it.active.filter { it.seenTwice.contains($0.id) }.map(\.host))
                .subtracting(it.snapshot.inFlight.compactMap(\.target))
        case .balance, .return, .rollback: return []
        }
    }

    /// All that may be the case while a step runs: what it waited for is done, what waits for it
    /// has not begun, and of all other steps nobody knows, so that both ends keep room.
    private static func places(
        during step: Step, _ it: CheckedCase
    ) -> [DomainID: Set<HostName>] {
        var places = it.domains.mapValues { Set([$0.host]) }
        let done = it.ancestors(of: step)
        for id in Set(it.plan.steps.map(\.move.domain)) {
            for own in it.steps(of: id) {
                if done.contains(own.id) {
                    places[id] = [own.move.target]
                } else if !it.ancestors(of: own).contains(step.id) {
                    places[id]?.insert(own.move.target)
                }
            }
        }
        return places
    }
}
