/// The observed world at a moment: the planner's only view of it.
///
/// Hosts are in order of name, domains in order of host, name and UUID, so that equal worlds have
/// equal bytes.
package struct ClusterSnapshot: Hashable, Codable, Sendable {
    package static let currentVersion = 1

    package private(set) var version = ClusterSnapshot.currentVersion
    package let observedAt: Timestamp
    package private(set) var hosts: [Host]
    package private(set) var domains: [Domain]
    /// Migrations that were under way when it was taken.
    package let inFlight: [MigrationInFlight]
    /// Number of time slots in each domain's demand.
    package let demandSlots: Int
    /// What own migrations taught about the links; nil where nothing was looked up.
    package var calibration: TransferCalibration?

    package init(
        observedAt: Timestamp, hosts: [Host], domains: [Domain],
        inFlight: [MigrationInFlight] = [], demandSlots: Int = 1
    ) {
        self.observedAt = observedAt
        self.hosts = hosts.sorted { $0.name < $1.name }
        self.domains = domains.sorted {
            ($0.host, $0.name, $0.id) < ($1.host, $1.name, $1.id)
        }
        self.inFlight = inFlight.sorted { $0.domain < $1.domain }
        self.demandSlots = demandSlots
    }

    /// The same world with hosts and domains changed in place: their names, and where domains are,
    /// stay as they are, and so does their order.
    package init(
        _ original: ClusterSnapshot, hosts: [Host], domains: [Domain],
        inFlight: [MigrationInFlight]
    ) {
        observedAt = original.observedAt
        demandSlots = original.demandSlots
        calibration = original.calibration
        self.hosts = hosts
        self.domains = domains
        self.inFlight = inFlight
    }

    package func host(_ name: HostName) -> Host? { hosts.first { $0.name == name } }
    package func domain(_ id: DomainID) -> Domain? { domains.first { $0.id == id } }
    package func domains(on host: HostName) -> [Domain] { domains.filter { $0.host == host } }

    /// Of every host that was seen, now or before.
    package var hostUUIDs: [HostName: String] {
        let known = hosts.compactMap { host in
            host.facts.flatMap { $0.uuid.isEmpty ? nil : (host.name, $0.uuid) }
        }
        return Dictionary(firstOf: known)
    }

    /// The world after these moves, in the order given. Unknown domains are left out of account.
    /// Huge pages go with the domains that hold them.
    package func applying(_ moves: [Move]) -> ClusterSnapshot {
        var moved = domains
        var pages = hosts
        let place = Dictionary(
            firstOf: hosts.enumerated().map { ($1.name, $0) })
        let entries = Dictionary(grouping: domains.indices, by: { domains[$0].id })
        for move in moves {
            for index in entries[move.domain] ?? [] {
                if moved[index].facts.state.isActive {
                    if let source = place[moved[index].host] {
                        pages[source].facts?.give(back: moved[index].facts)
                    }
                    if let target = place[move.target] {
                        pages[target].facts?.take(for: moved[index].facts)
                    }
                }
                moved[index].host = move.target
            }
        }
        var after = ClusterSnapshot(
            observedAt: observedAt, hosts: pages, domains: moved, inFlight: inFlight,
            demandSlots: demandSlots)
        after.calibration = calibration
        return after
    }
}

/// A migration that someone had started before the snapshot was taken.
package struct MigrationInFlight: Hashable, Codable, Sendable {
    package var domain: DomainID
    package var source: HostName
    /// nil where libvirt does not tell the source's clients where it goes.
    package var target: HostName?

    package init(domain: DomainID, source: HostName, target: HostName? = nil) {
        self.domain = domain
        self.source = source
        self.target = target
    }
}

/// The planner's change of host.
package struct Move: Hashable, Codable, Sendable {
    package var domain: DomainID
    package var source: HostName
    package var target: HostName

    package init(domain: DomainID, source: HostName, target: HostName) {
        self.domain = domain
        self.source = source
        self.target = target
    }
}
