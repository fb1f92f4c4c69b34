package import ClusterModel

/// Whose metadata counts. Whoever may edit a domain's XML writes it, on many platforms a tenant,
/// and groups are the fleet's: a stranger could join one, or keep a host from being drained.
package struct MetadataRules: Hashable, Sendable {
    /// Does the metadata of a domain count that no list names?
    package var isTrusted = true
    /// Names or UUIDs of domains whose metadata counts, or does not, whatever holds for the others.
    package var trust: [NamePattern] = []
    package var ignore: [NamePattern] = []

    package init() {}

    /// What is ignored wins over what is trusted.
    func count(for domain: DomainFacts) -> Bool {
        if ignore.name(domain) { return false }
        return isTrusted || trust.name(domain)
    }
}

extension [NamePattern] {
    /// A UUID is nobody's to choose twice; names are compared as everywhere.
    func name(_ domain: DomainFacts) -> Bool {
        matches(domain.name)
            || contains { $0.text.lowercased() == domain.id.rawValue.lowercased() }
    }
}

extension Policy {
    /// The world without the metadata that this policy does not trust; what was left out is said
    /// in the domain's cautions. Where a snapshot is made for a policy it passes here, so that
    /// planner, judge, replay and simulation need not know. Applied again it changes nothing.
    package func trusted(_ snapshot: ClusterSnapshot) -> ClusterSnapshot {
        guard metadata != MetadataRules() else { return snapshot }
        let domains = snapshot.domains.map { domain in
            var domain = domain
            domain.facts = trusted(domain.facts)
            return domain
        }
        return ClusterSnapshot(
            snapshot, hosts: snapshot.hosts, domains: domains, inFlight: snapshot.inFlight)
    }

    private func trusted(_ given: DomainFacts) -> DomainFacts {
        guard !metadata.count(for: given) else { return given }
        var facts = given
        var left =
            facts.affinityGroups.map { "affinity group '\($0)'" }
            + facts.antiAffinityGroups.map { "anti-affinity group '\($0)'" }
        if facts.isPinned { left.append("pinned") }
        if facts.isExcluded { left.append("excluded") }
        if let unmovable = facts.unmovable { left.append("unmovable '\(unmovable.rawValue)'") }
        guard !left.isEmpty else { return given }
        (facts.affinityGroups, facts.antiAffinityGroups) = ([], [])
        (facts.isPinned, facts.isExcluded, facts.unmovable) = (false, false, nil)
        facts.cautions.append(
            "policy '\(name)' ignores its metadata: \(left.joined(separator: ", "))")
        return facts
    }
}
