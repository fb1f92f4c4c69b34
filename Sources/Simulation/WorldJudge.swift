package import ClusterModel

/// Knows the world at its start and says what is wrong with it now. It believes nobody: it looks at
/// the copies on the hosts, and excuses only what a fault did.
package struct WorldJudge: Sendable {
    /// What one look finds of a domain, on all hosts together.
    private struct Tally {
        var running = 0
        var holding = 0
        var defined = 0
    }

    private let domains: [(name: String, id: DomainID, isPersistent: Bool, isActive: Bool)]
    private let places: [DomainID: Int]
    /// Domains that are started with their host.
    let startsWithHost: Set<DomainID>
    /// Where each was known when the run began.
    let definedAt: [DomainID: Set<HostName>]

    package init(start: SimulatedWorld) {
        var domains: [(name: String, id: DomainID, isPersistent: Bool, isActive: Bool)] = []
        var places: [DomainID: Int] = [:]
        for copy in start.hosts.flatMap(\.domains) where places[copy.id] == nil {
            places[copy.id] = domains.count
            let isActive = start.hosts.contains { $0.domain(copy.id)?.isActive == true }
            domains.append((copy.facts.name, copy.id, copy.facts.isPersistent, isActive))
        }
        startsWithHost = Set(
            start.hosts.flatMap(\.domains).filter(\.facts.autostart).map(\.id))
        definedAt = start.hosts.reduce(into: [:]) { found, host in
            for copy in host.domains { found[copy.id, default: []].insert(host.name) }
        }
        self.domains = domains
        self.places = places
    }

    /// Domains that ran when the run began.
    var active: [(name: String, id: DomainID)] {
        domains.filter(\.isActive).map { ($0.name, $0.id) }
    }

    /// Domains that were there when the run began, whose data may be followed.
    var followed: [(id: DomainID, name: String)] { domains.map { ($0.id, $0.name) } }

    /// What is wrong with the world now, a sentence each; empty where nothing is.
    package func faults(in world: SimulatedWorld) -> [String] {
        var faults: [String] = []
        var tallies = Array(repeating: Tally(), count: domains.count)
        // A host that has lost its power runs nothing, and has its definitions again afterwards.
        for host in world.hosts where host.isLost && !host.isGone {
            for copy in host.domains where copy.facts.isPersistent {
                if let place = places[copy.id] { tallies[place].defined += 1 }
            }
        }
        for host in world.hosts where !host.isLost {
            var committed = Bytes.zero
            for copy in host.domains {
                if copy.isActive { committed += copy.facts.memory }
                guard let place = places[copy.id] else { continue }
                if copy.presence == .running { tallies[place].running += 1 }
                if copy.holdsGuest { tallies[place].holding += 1 }
                if copy.facts.isPersistent { tallies[place].defined += 1 }
            }
            if committed > host.facts.memory && !host.isTouchedByOthers {
                faults.append("capacity: \(committed) on \(host.name) of \(host.facts.memory)")
            }
        }
        for (place, domain) in domains.enumerated() {
            let tally = tallies[place]
            let isDefined = tally.defined > 0 || !domain.isPersistent
            // Nearly always: it runs once and has its definition.
            if tally.running == 1 && tally.holding == 1 && isDefined { continue }
            // It was shut down when the run began, and nobody has started it.
            if !domain.isActive && tally.holding == 0 && tally.running == 0 && isDefined {
                continue
            }
            let fates = world.fates(of: domain.id)
            // Down because we asked it to, and not forgotten: the end of the run must name it.
            if tally.holding == 0 && tally.running == 0 && isDefined && world.wasAsked(domain.id) {
                continue
            }
            if let fault = fault(tally, isDefined: isDefined, fates) {
                faults.append("\(domain.name) \(fault)")
            }
        }
        if world.hasTruth { faults += fileFaults(in: world) }
        return faults
    }

    private func fault(
        _ tally: Tally, isDefined: Bool, _ fates: [DomainOutcome.Kind]
    ) -> String? {
        if tally.running > 1 && !fates.contains(.splitBrain) { return "runs twice" }
        if fates.contains(.lostWithHost) || fates.contains(.cutInTwo) { return nil }
        // Of a guest that others made run twice nobody knows which copy it was that ended.
        if tally.holding == 0 && !fates.contains(.shutDown) && !fates.contains(.splitBrain) {
            return "is lost"
        }
        return isDefined ? nil : "lost its definition"
    }
}

extension SimulatedWorld {
    /// Hosts on which a copy of the domain executes, whatever its memory is worth.
    package func runners(of domain: DomainID) -> [HostName] {
        hosts.filter { !$0.isLost && $0.domain(domain)?.presence == .running }.map(\.name)
    }
}
