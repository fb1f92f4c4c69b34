package import ClusterModel

/// What one look at a host found, as it is kept in the database: the last known facts of a host
/// that cannot be read any more come from here.
package struct HostObservation: Hashable, Codable, Sendable {
    package var host: HostName
    package var at: Timestamp
    package var facts: HostFacts
    package var domains: [DomainFacts]
    package var migratingOut: [DomainID]
    package var migratingIn: [DomainID]

    package init(
        host: HostName, at: Timestamp, facts: HostFacts, domains: [DomainFacts] = [],
        migratingOut: [DomainID] = [], migratingIn: [DomainID] = []
    ) {
        self.host = host
        self.at = at
        self.facts = facts
        self.domains = domains
        self.migratingOut = migratingOut
        self.migratingIn = migratingIn
    }

    /// What this host cannot have told in earnest; empty for an observation that may be kept and
    /// planned with.
    package var faults: [String] {
        facts.faults + domains.faultsOfAHost
            + domains.flatMap { domain in
                domain.faults.map { "domain '\(domain.name)': \($0)" }
            }
    }

    /// The same in one sentence for people; nil when there is none.
    package var fault: String? {
        guard let first = faults.first else { return nil }
        return "it reports impossible figures: \(first)"
    }
}

/// Where observations go: the newest of each host is kept.
package protocol ObservationSink: Sendable {
    func store(_ observation: HostObservation) async throws
}
