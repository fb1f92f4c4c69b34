package import ClusterModel

/// What one look at a host found, as it is kept in the database: the last known facts of a host that
/// can not be read any more come from here.
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
}

/// Where observations go: the newest of each host is kept.
package protocol ObservationSink: Sendable {
    func store(_ observation: HostObservation) async throws
}
