package import ClusterModel
package import HypervisorInterface

/// Another controller on a host: it renews its lease every minute while it lives, and leaves it
/// there when it is killed.
package struct OtherController: Hashable, Codable, Sendable {
    package var livesUntil: Timestamp

    package static let identity = ControllerIdentity(
        machine: "other", database: "other", place: "kvmbalance on ops2")

    /// Its lease at a time.
    func lease(at now: Timestamp) -> HostLease {
        let minute = HostLease.renewalMilliseconds
        let last = min(now, livesUntil).milliseconds / minute * minute
        return HostLease(
            of: Self.identity, purpose: "run 3, drain host9", since: Timestamp(seconds: 0),
            renewedAt: Timestamp(milliseconds: last))
    }
}

/// Who else is there: other machines behind a host's name, and other controllers.
extension SimulatedWorld {
    /// The UUID of the machine that a host's name leads us to.
    func machine(behind name: HostName) -> String {
        guard let place = index(of: name) else { return "" }
        let uuid = hosts[place].facts.uuid
        return hosts[place].isMisleading(at: now) ? "\(uuid)-elsewhere" : uuid
    }

    func isMisleading(_ name: HostName) -> Bool {
        index(of: name).map { hosts[$0].isMisleading(at: now) } ?? false
    }

    /// What any controller finds on the host.
    func lease(on name: HostName) throws(HypervisorError) -> HostLease? {
        try reach(name, operation: "read the lease")
        return isMisleading(name) ? nil : presentLease(on: name)
    }

    private func presentLease(on name: HostName) -> HostLease? {
        guard let host = host(name) else { return nil }
        return host.otherController?.lease(at: now) ?? host.lease
    }

    mutating func lay(_ lease: HostLease, on name: HostName) throws(HypervisorError) -> Bool {
        try reach(name, operation: "lay a lease")
        guard !isMisleading(name) else { return true }
        guard presentLease(on: name).map({ $0.id == lease.id }) ?? true else { return false }
        let now = now
        changeHost(name) { ($0.lease, $0.leaseLaidAt) = (lease, now) }
        return true
    }

    mutating func lift(_ id: String, on name: HostName) throws(HypervisorError) {
        try reach(name, operation: "lift a lease")
        guard !isMisleading(name), let found = presentLease(on: name), found.id == id else {
            return
        }
        if isHeldByAnother(name) {
            violations.append("took the lease on \(name) from a controller that lives")
        }
        changeHost(name) { ($0.lease, $0.otherController) = (nil, nil) }
    }

    /// Another controller works there at this moment.
    package func isHeldByAnother(_ name: HostName) -> Bool {
        host(name)?.otherController.map { now < $0.livesUntil } ?? false
    }

    /// Another controller wants to begin a run there, and is refused where it would refuse us: it
    /// watches a lease that has run out, whatever our clock shows.
    mutating func beginAnotherRun(on name: HostName, for milliseconds: Int64) {
        guard let host = host(name), !host.isLost, host.otherController == nil else { return }
        if let lease = host.lease, let laidAt = host.leaseLaidAt {
            let isWatched = now.millisecondsSince(laidAt) >= HostLease.watchMilliseconds
            guard lease.until <= now, isWatched else { return }
        }
        let end = now.advanced(byMilliseconds: milliseconds)
        changeHost(name) {
            ($0.lease, $0.otherController) = (nil, OtherController(livesUntil: end))
        }
    }

    // MARK: Jobs of others

    /// A backup, a dump or a save that somebody else began.
    package struct OtherJob: Hashable, Codable, Sendable {
        package var domain: DomainID
        package var until: Timestamp
    }

    mutating func beginOtherJob(of domain: DomainID, for milliseconds: Int64) {
        guard migration(of: domain) == nil, !holders(of: domain).isEmpty, !hasOtherJob(domain)
        else { return }
        let until = now.advanced(byMilliseconds: milliseconds)
        otherJobs = (otherJobs ?? []) + [OtherJob(domain: domain, until: until)]
    }

    package func hasOtherJob(_ domain: DomainID) -> Bool {
        otherJobs?.contains { $0.domain == domain && now < $0.until } ?? false
    }

    /// Whose job works on a domain here.
    func jobKind(of domain: DomainID, on host: HostName) -> DomainJobKind {
        if hasOtherJob(domain) { return .other("a backup") }
        guard let job = migrations.first(where: { $0.domain == domain }) else { return .idle }
        if job.source == host { return .migrationOut }
        return job.target == host ? .migrationIn : .idle
    }
}
