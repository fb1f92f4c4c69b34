package import ClusterModel

/// Makes a cluster snapshot of what the hosts reported: each domain once, on the host that has it.
///
/// Hosts are read one after the other, so two reports never show the same instant; a domain that
/// moves meanwhile is in both or in none. Being in both is resolved here.
package struct SnapshotBuilder: Sendable {
    package var observedAt: Timestamp
    package var maintenance: Set<HostName>
    package var measured: MeasuredLoad

    package init(
        observedAt: Timestamp, maintenance: Set<HostName> = [], measured: MeasuredLoad
    ) {
        self.observedAt = observedAt
        self.maintenance = maintenance
        self.measured = measured
    }

    /// The cluster snapshot, and what a person should hear at once: the same domain active on two
    /// hosts, or left defined on another. O(n log n) in the number of domains.
    package func build(from reports: [HostReport]) -> BuiltSnapshot {
        let sorted = reports.sorted { $0.settings.name < $1.settings.name }
        var sightings: [DomainID: [ReportedDomain]] = [:]
        for report in sorted {
            guard let observation = report.observation else { continue }
            let (leaving, arriving) = (
                Set(observation.migratingOut), Set(observation.migratingIn)
            )
            for facts in observation.domains {
                sightings[facts.id, default: []].append(
                    ReportedDomain(
                        facts: facts, host: report.settings.name, at: observation.at,
                        isCurrent: report.fault == nil, isLeaving: leaving.contains(facts.id),
                        isArriving: arriving.contains(facts.id)))
            }
        }
        var domains: [Domain] = []
        var inFlight: [MigrationInFlight] = []
        var warnings: [String] = []
        for id in sightings.keys.sorted() {
            let resolved = ResolvedDomain(sightings[id] ?? [])
            var domain = Domain(
                facts: resolved.facts, host: resolved.host,
                demand: measured.domains[id] ?? .unknown,
                dirtyRate: Plausible.believed(measured.singleDirtyRates[id]))
            domain.dirtyRates = measured.dirtyRates[id].flatMap(Plausible.believed)
            domain.resident = Plausible.believed(measured.resident[id])
            domains.append(domain)
            if let migration = resolved.migration { inFlight.append(migration) }
            if let warning = resolved.warning { warnings.append(warning) }
            warnings += resolved.definitions
        }
        Deviation.weigh(
            &domains, hosts: sorted.count { $0.fault == nil },
            thousandths: measured.window.deviationThousandths,
            correlation: measured.correlation)
        return BuiltSnapshot(
            snapshot: ClusterSnapshot(
                observedAt: observedAt, hosts: sorted.map(host), domains: domains,
                inFlight: inFlight, demandSlots: measured.window.slots),
            warnings: warnings)
    }

    private func host(from report: HostReport) -> Host {
        var host = report.settings
        let use = measured.hosts[host.name]
        host.inMaintenance = maintenance.contains(host.name)
        host.fault = report.fault ?? (report.observation == nil ? "it was never read" : nil)
        host.facts = report.observation?.facts
        host.load = use?.load(ofCPUs: host.facts?.cpu.logicalCPUs)
        if host.load?.memoryAvailable.map({ $0 > Plausible.memory }) == true {
            host.load?.memoryAvailable = nil
        }
        if host.fault == nil { settle(&host) }
        host.observedAt = report.observation?.at
        return host
    }
}

extension SnapshotBuilder {
    /// What the host itself tells counts where nobody said otherwise, and where what is in the
    /// database is older.
    private func settle(_ host: inout Host) {
        if let available = host.facts?.memoryAvailable, available <= Plausible.memory {
            // Read with its domains: what came or went since the newest sample is in both.
            host.load = host.load ?? HostLoad()
            host.load?.memoryAvailable = available
        }
        if host.isLinkAssumed == true, let link = host.facts?.linkMbps,
            Plausible.link.contains(link)
        {
            host.linkMbps = link
            host.isLinkAssumed = nil
        }
    }
}

/// A cluster snapshot with what must be said aloud before it is used.
package struct BuiltSnapshot: Hashable, Sendable {
    package var snapshot: ClusterSnapshot
    package var warnings: [String]
}
