import ClusterModel
import PlacementPolicy

/// Preferred rules that a plan breaks: none where it can do without, else as few as are found,
/// those of small weight first, and each as little as that allows.
enum RuleBreaking {
    // MARK: Search

    /// `plan` makes a draft under a policy. It is asked in full under all rules, then under none of
    /// the preferred ones, and then with a tenth of the effort for as few as are enough.
    static func draft(
        _ policy: Policy, _ effort: SearchEffort, _ plan: (Policy, SearchEffort) -> PlanDraft
    ) -> PlanDraft {
        let kept = plan(policy, effort)
        guard !kept.isWhole else { return kept }
        let preferred = policy.preferred
        guard !preferred.isEmpty else { return kept }
        let free = plan(policy.breaking(Set(preferred.map(\.id))), effort)
        // Without the rules it is no better: then they are not what stands against it.
        guard free.outcome == .plan else { return free }
        if let draft = kept.ifAsGood(as: free) { return draft }
        return fewest(preferred, policy, free) { plan($0, effort.aTenth) }
    }

    private static func fewest(
        _ preferred: [PreferredRule], _ policy: Policy, _ free: PlanDraft,
        _ plan: (Policy) -> PlanDraft
    ) -> PlanDraft {
        func draft(breaking rules: [PreferredRule], excess: Int) -> PlanDraft? {
            var draft = plan(policy.breaking(Set(rules.map(\.id)), excess: excess))
                .ifAsGood(as: free)
            draft?.brokenRules = rules
            return draft
        }
        var (best, excess) = (free, PlacementGroup.boundless)
        best.brokenRules = preferred
        if let found = draft(breaking: preferred, excess: 1) { (best, excess) = (found, 1) }
        // The heaviest is the first that is kept again.
        for rule in preferred.reversed() {
            let fewer = best.brokenRules.filter { $0.id != rule.id }
            if let found = draft(breaking: fewer, excess: excess) { best = found }
        }
        return best
    }

    // MARK: Words

    /// What has become of each rule where the plan ends.
    static func told(_ rules: [PreferredRule], _ final: WorkingPlacement) -> [BrokenRule] {
        rules.map { BrokenRule(rule: $0.id, title: $0.title, detail: detail($0.content, final)) }
    }

    private static func detail(
        _ content: PreferredRule.Content, _ placement: WorkingPlacement
    ) -> String {
        let problem = placement.problem
        var members: [String: [String]] = [:]
        func add(_ domain: Int, at place: String) {
            members[place, default: []].append(problem.domains[domain].name)
        }
        for domain in problem.domains.indices {
            let (name, host) = (problem.domains[domain].name, problem.hosts[placement.host[domain]])
            switch content {
            case .group(let group, _):
                guard group.domains.matches(name) else { continue }
                let zone = group.scope == .zone ? host.zone.map { "zone \($0)" } : nil
                add(domain, at: zone ?? "\(host.name)")
            case .hosts(let rule, let isBan):
                guard placement.host[domain] != problem.origin[domain],
                    rule.domains.matches(name),
                    rule.hosts.matches(host.name.rawValue) == isBan
                else { continue }
                add(domain, at: "\(host.name)")
            }
        }
        if case .group(_, isApart: true) = content { members = members.filter { $1.count > 1 } }
        guard !members.isEmpty else { return "for a while only, as domains move" }
        return members.sorted { $0.key < $1.key }
            .map { "\($1.sorted().joined(separator: ", ")) on \($0)" }.joined(separator: "; ")
    }
}
