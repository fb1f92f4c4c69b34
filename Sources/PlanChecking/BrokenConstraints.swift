import ClusterModel
import PlacementPolicy

/// How much is broken when the domains are where a table says: rules and groups, and the memory
/// that would find no room if a host failed.
struct BrokenConstraints {
    private let rules: Int
    private let unprotected: Int64

    init(_ subject: CheckedCase, _ place: [DomainID: HostName]) {
        let host = { (domain: Domain) in
            // One that is seen twice never moves: each sighting counts where it is.
            subject.seenTwice.contains(domain.id) ? domain.host : place[domain.id] ?? domain.host
        }
        let rules = CheckedRules(subject.policy)
        var broken = subject.active.count { rules.forbid($0.name, on: host($0)) }
        for group in subject.groups {
            let members = subject.members(of: group)
            var present: [String: Set<Int>] = [:]
            for (index, member) in members.enumerated() {
                let item = subject.item(host(member), group.scope)
                present[item, default: []].insert(index)
                guard group.isApart else { continue }
                for target in subject.inFlight[member.id, default: []].compactMap(\.target) {
                    present[subject.item(target, group.scope), default: []].insert(index)
                }
            }
            broken +=
                group.isApart
                ? present.values.reduce(0) { $0 + $1.count - 1 } : max(0, present.count - 1)
        }
        self.rules = broken
        guard subject.policy.nPlusOne != .off else {
            unprotected = 0
            return
        }
        let failover = Failover(subject, closed: [])
        let standing = failover.standing(place.mapValues { Set([$0]) })
        unprotected = subject.snapshot.hosts.reduce(0) {
            $0 + failover.leftOver(ifFails: $1, standing, exact: false)
        }
    }

    func isLess(than other: BrokenConstraints) -> Bool {
        (rules, unprotected) < (other.rules, other.unprotected)
    }
}
