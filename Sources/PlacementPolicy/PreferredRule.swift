package import ClusterModel

/// A rule that should hold and need not: a plan may break it where it could not do otherwise what
/// it was asked for.
package struct PreferredRule: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case group(PlacementGroup, isApart: Bool)
        case hosts(HostRule, isBan: Bool)
    }

    package var id: RuleID
    /// 1 to 1000: of several rules in the way, those of small weight are broken first.
    package var weight: Int
    package var content: Content

    /// For people.
    package var title: String {
        let names = { (patterns: [NamePattern]) in
            patterns.map(\.text).joined(separator: ", ")
        }
        let rule =
            switch content {
            case .group(let group, let isApart):
                "\(isApart ? "anti-affinity" : "affinity") '\(group.name)'"
            case .hosts(let rule, let isBan):
                "\(isBan ? "ban" : "fence") of \(names(rule.domains)) "
                    + "\(isBan ? "from" : "on") \(names(rule.hosts))"
            }
        return "\(rule) (prefer: \(weight))"
    }
}

extension Policy {
    /// In order of their weight, the one that is broken first in front.
    package var preferred: [PreferredRule] {
        func groups(_ list: RuleID.List, _ groups: [PlacementGroup]) -> [PreferredRule] {
            groups.enumerated().compactMap { index, group in
                group.weight.map {
                    PreferredRule(
                        id: RuleID(list, index + 1), weight: $0,
                        content: .group(group, isApart: list == .antiAffinity))
                }
            }
        }
        func hosts(_ list: RuleID.List, _ rules: [HostRule]) -> [PreferredRule] {
            rules.enumerated().compactMap { index, rule in
                rule.weight.map {
                    PreferredRule(
                        id: RuleID(list, index + 1), weight: $0,
                        content: .hosts(rule, isBan: list == .ban))
                }
            }
        }
        let all =
            groups(.affinity, affinity) + groups(.antiAffinity, antiAffinity)
            + hosts(.fence, fence) + hosts(.ban, ban)
        return all.sorted { ($0.weight, $0.id) < ($1.weight, $1.id) }
    }

    /// The policy with these rules broken. Its groups may have `excess` members more at a host or
    /// zone than one, or be on as many more hosts or zones; its bans and fences are not there.
    package func breaking(_ rules: Set<RuleID>, excess: Int = PlacementGroup.boundless) -> Policy {
        guard !rules.isEmpty else { return self }
        func groups(_ list: RuleID.List, _ groups: [PlacementGroup]) -> [PlacementGroup] {
            groups.enumerated().map { index, group in
                var group = group
                if rules.contains(RuleID(list, index + 1)) { group.excess = excess }
                return group
            }
        }
        func kept(_ list: RuleID.List, _ hosts: [HostRule]) -> [HostRule] {
            hosts.enumerated().filter { !rules.contains(RuleID(list, $0.offset + 1)) }
                .map(\.element)
        }
        var policy = self
        policy.affinity = groups(.affinity, affinity)
        policy.antiAffinity = groups(.antiAffinity, antiAffinity)
        policy.fence = kept(.fence, fence)
        policy.ban = kept(.ban, ban)
        return policy
    }
}
