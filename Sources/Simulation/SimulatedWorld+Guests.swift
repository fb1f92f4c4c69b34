package import ClusterModel
package import HypervisorInterface

/// Guests that go down and come up again.
extension SimulatedWorld {
    /// Until a guest that obeys at once is down.
    static let shutdownMilliseconds: Int64 = 1500

    /// As an ACPI power button: what comes of it is the guest's affair.
    package mutating func askToShutDown(
        _ domain: DomainID, on host: HostName
    ) throws(HypervisorError) {
        let what = "shut down"
        let copy = try idle(domain, on: host, operation: what)
        _ = try answering(domain, on: host, operation: what)
        guard copy.presence == .running else {
            throw refusal(
                .failed, 55, what, domain, host,
                "it is \(copy.presence.rawValue) and cannot hear that it is to shut down")
        }
        let shutdown = copy.guest?.shutdown ?? .prompt
        let until: Timestamp? =
            switch shutdown {
            case .prompt: now.advanced(byMilliseconds: span(Self.shutdownMilliseconds))
            case .late(let milliseconds): now.advanced(byMilliseconds: span(milliseconds))
            case .never: nil
            }
        know { truth in
            truth.asked.insert(domain)
            guard until != nil, !truth.downs.contains(where: { $0.domain == domain }) else {
                return
            }
            truth.downs.append(WorldTruth.PendingDown(domain: domain, until: until))
        }
        fire(.asked(domain))
    }

    /// Has it no process here? Throws where it is not known.
    package func isDown(
        _ domain: DomainID, on host: HostName
    ) throws(HypervisorError) -> Bool {
        try !known(domain, on: host, operation: "look at domain").isActive
    }

    package mutating func start(
        _ domain: DomainID, on host: HostName, with images: [DiskImage] = [],
        mistake: SimulatedMistake? = nil
    ) throws(HypervisorError) {
        let copy = try known(domain, on: host, operation: "start")
        if copy.isActive { return }
        if mistake != .startsWithFreshState,
            let lost = images.first(where: { image in
                image.isState && self.host(host)?.file(image.path) == nil
            })
        {
            throw refusal(
                .failed, 1, "start", domain, host,
                "\(lost.disk) is not at \(lost.path): it would be given a fresh one")
        }
        if let reason = startFault(of: copy, on: host) {
            throw refusal(.failed, reason.code, "start", domain, host, reason.message)
        }
        for complaint in complaints(atStartOf: domain, on: host) {
            violations.append("started \(copy.facts.name) on \(host): \(complaint)")
        }
        comeUp(domain, on: host)
    }

    /// Why it would not start; nil where it would.
    private func startFault(
        of copy: SimulatedDomain, on name: HostName
    ) -> (code: Int, message: String)? {
        guard let host = host(name) else { return nil }
        if hasJob(copy.id, on: name) {
            return (68, "cannot acquire state change lock (held by a migration)")
        }
        if truth?.startFaults.contains(.init(domain: copy.id, host: name)) == true {
            return (1, "process exited while connecting to monitor")
        }
        if let reason = platformFault(copy.facts, on: host) { return reason }
        if let reason = memoryFault(copy.facts, on: host) { return (1, reason) }
        guard follows(copy.id) else { return nil }
        for (disk, path) in host.ownFiles(of: copy)
        where disk != DiskImage.firmware && disk != DiskImage.tpm && host.file(path) == nil {
            return (38, "Cannot access storage file '\(path)': No such file or directory")
        }
        return nil
    }

    /// A person starts it: refused like anybody, and answerable for what it starts from.
    mutating func startByPerson(_ domain: DomainID, on host: HostName) {
        guard let copy = copy(of: domain, on: host), startFault(of: copy, on: host) == nil
        else { return }
        changeHost(host) { $0.isTouchedByOthers = true }
        comeUpUnproven(domain, on: host)
    }

    /// Started by whoever does not know what became of it elsewhere.
    mutating func comeUpUnproven(_ domain: DomainID, on host: HostName) {
        if !complaints(atStartOf: domain, on: host).isEmpty {
            note(.startedFromOldData, of: domain)
            know { $0.spoiled.insert(domain) }
        }
        comeUp(domain, on: host)
    }

    private mutating func comeUp(_ domain: DomainID, on host: HostName) {
        let now = now
        update(domain, on: host) {
            $0.isStale = false
            $0.setSaved(false)
            $0.become(.running, at: now)
        }
        guard hasTruth else { return }
        know { truth in
            truth.asked.remove(domain)
            truth.downs.removeAll { $0.domain == domain }
        }
        boot(domain, on: host)
    }

    /// Guests whose time to go down has come.
    mutating func endDueGuests() {
        guard let downs = truth?.downs, !downs.isEmpty else { return }
        let due = downs.filter { $0.until.map { $0 <= now } ?? false }
        for down in due { goDown(down.domain) }
    }

    private mutating func goDown(_ domain: DomainID) {
        guard let host = holders(of: domain).first, let copy = copy(of: domain, on: host) else {
            return know { $0.downs.removeAll { $0.domain == domain } }
        }
        let job = migration(of: domain)
        if copy.presence != .running {
            // It cannot do anything before it runs again.
            return putOff(domain, until: nil)
        }
        if job?.isPastSwitchOver == true {
            // Half of its memory is elsewhere: it does not get as far as to end.
            return putOff(domain, until: now.advanced(byMilliseconds: span(1000)))
        }
        if let job, job.source == host, job.phase != .confirm {
            cancel(job, .failed, code: 9, "domain is not running any more")
        }
        know { truth in
            truth.downs.removeAll { $0.domain == domain }
            // Whoever moved it without its definition lets libvirt delete what goes with it.
            if !copy.facts.isPersistent { truth.spoiled.insert(domain) }
        }
        endProcess(of: domain, on: host, keepingDefinition: copy.facts.isPersistent)
        fire(.down(domain))
    }

    private mutating func putOff(_ domain: DomainID, until: Timestamp?) {
        know { truth in
            for index in truth.downs.indices where truth.downs[index].domain == domain {
                truth.downs[index].until = until
            }
        }
    }

    /// It runs again and hears the requests that came while it could not.
    mutating func rouse(_ domain: DomainID) {
        guard truth?.downs.contains(where: { $0.domain == domain && $0.until == nil }) == true
        else { return }
        putOff(domain, until: now.advanced(byMilliseconds: span(Self.shutdownMilliseconds)))
    }

    /// Injects the faults that wait for this, as soon as time goes on: whoever caused it is in
    /// the middle of something.
    mutating func fire(_ trigger: ScheduledFault.Trigger) {
        for index in schedule.indices where schedule[index].trigger == trigger {
            schedule[index].trigger = .at(now)
        }
    }

    mutating func preventStart(of domain: DomainID, on host: HostName) {
        let fault = WorldTruth.StartFault(domain: domain, host: host)
        know { if !$0.startFaults.contains(fault) { $0.startFaults.append(fault) } }
    }

    mutating func setShutdown(_ shutdown: SimulatedGuest.Shutdown, of domain: DomainID) {
        for host in hosts {
            update(domain, on: host.name) { copy in
                var guest = copy.guest ?? SimulatedGuest()
                guest.shutdown = shutdown
                copy.equip(guest)
            }
        }
    }
}
