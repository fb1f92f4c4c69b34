package import ClusterModel
package import HypervisorInterface
package import Telemetry

/// What an inspector reads, at the world's present moment.
extension SimulatedWorld {
    package func sighting(
        of domain: DomainID, on host: HostName
    ) throws(HypervisorError) -> DomainSighting {
        try reach(host, operation: "look up domain")
        guard !isMisleading(host), let copy = copy(of: domain, on: host) else {
            return DomainSighting(.absent)
        }
        // With a stuck monitor nobody can be asked for the job; a source in post-copy shows it.
        let isKnown =
            !copy.isStuck(at: now) || copy.isIncoming
            || migration(of: domain)?.isPastSwitchOver == true
        var sighting = DomainSighting(
            copy.presence, isPersistent: copy.facts.isPersistent,
            autostart: copy.facts.autostart,
            jobActive: isKnown && copy.isActive && hasJob(domain, on: host),
            cause: copy.cause ?? .unknown)
        sighting.hasSavedState = copy.facts.hasManagedSave
        sighting.isBeingSaved = isBeingSaved(domain, on: host)
        return sighting
    }

    package func progress(
        of domain: DomainID, on host: HostName
    ) throws(HypervisorError) -> MigrationProgress? {
        try reach(host, operation: "read job statistics")
        guard
            let migration = migrations.first(where: { $0.domain == domain && $0.source == host }),
            migration.stuckUntil.map({ $0 <= now }) ?? true
        else { return nil }
        let sent = migration.sent(at: now)
        let remaining = migration.remaining - sent
        return MigrationProgress(
            processed: migration.transferred + sent, remaining: remaining,
            total: migration.total, rate: migration.rate,
            dirtyRate: migration.iteration > 1 ? migration.dirtyRate : .zero,
            iteration: migration.iteration,
            throttlePercent: migration.throttlePercent > 0 ? migration.throttlePercent : nil,
            isPostcopy: migration.isPastSwitchOver)
    }

    /// As page sampling finds it: what is written twice counts once.
    package func writeRate(
        of domain: DomainID, seconds: Int, on host: HostName
    ) throws(HypervisorError) -> Bytes? {
        try reach(host, operation: "measure dirty rate")
        guard let copy = copy(of: domain, on: host), copy.presence == .running,
            !copy.isStuck(at: now), !hasJob(domain, on: host)
        else { return nil }
        let written = min(
            copy.hotSet ?? copy.facts.memory, Bytes(copy.dirtyRate.count * Int64(seconds)))
        return Bytes(written.count / Int64(max(1, seconds)))
    }

    package func inventory(of name: HostName) throws(HypervisorError) -> HostInventory {
        try reach(name, operation: "read inventory")
        guard let host = host(name) else { preconditionFailure("\(name) was reached and is gone") }
        var facts = host.facts
        facts.uuid = machine(behind: name)
        guard !isMisleading(name) else {
            return HostInventory(host: name, at: now, facts: facts, domains: [])
        }
        fillFree(&facts, host)
        let jobs = migrations.filter { $0.source == name || $0.target == name }
        return HostInventory(
            host: name, at: now, facts: facts, domains: host.domains.map(\.facts),
            migratingOut: jobs.filter { $0.source == name }.map(\.domain).sorted(),
            migratingIn: jobs.filter { $0.target == name && $0.phase != .confirm }
                .map(\.domain).sorted())
    }

    /// Names of what has a process there, incoming ones too.
    package func guests(on name: HostName) throws(HypervisorError) -> [String] {
        try reach(name, operation: "list domains")
        guard !isMisleading(name) else { return [] }
        return host(name)?.domains.filter { $0.isActive || $0.isIncoming }.map(\.facts.name) ?? []
    }

    package func sample(of name: HostName) throws(HypervisorError) -> RawHostSample {
        try reach(name, operation: "sample")
        guard let host = host(name) else { preconditionFailure("\(name) was reached and is gone") }
        var used = host.endedCPUTime
        var domains: [RawDomainSample] = []
        domains.reserveCapacity(host.domains.count)
        for copy in host.domains {
            let cpuTime = copy.cpuTime(at: now)
            used += cpuTime
            if copy.isActive { domains.append(sample(of: copy, cpuTime: cpuTime)) }
        }
        let uptime = max(0, now.millisecondsSince(host.bootedAt)) * 1_000_000
        let capacity = uptime * Int64(max(1, host.facts.cpu.logicalCPUs))
        // A host at work for itself: one part in a hundred of one CPU.
        let busy = min(capacity, used + uptime / 100)
        let free = host.facts.memory - host.committedMemory
        let cell = host.facts.cells.count == 1 ? free : nil
        return RawHostSample(
            host: name, at: now,
            cpu: HostCPUCounters(
                user: busy - busy / 10, system: busy / 10, idle: capacity - busy, iowait: 0),
            memory: HostMemoryGauges(
                total: host.facts.memory, free: free, buffers: .zero, cached: .zero),
            cells: host.facts.cells.map {
                CellSample(cell: $0.id, total: $0.memory, free: cell)
            },
            ksm: host.facts.ksm, domains: domains)
    }

    private func sample(of copy: SimulatedDomain, cpuTime: Int64) -> RawDomainSample {
        var sample = RawDomainSample(
            id: copy.id, name: copy.facts.name, state: copy.facts.state)
        sample.vcpus = copy.facts.vcpus
        // An incoming process has no vCPU that runs, and its monitor is not waited for.
        guard !copy.isIncoming, !copy.isStuck(at: now) else { return sample }
        sample.cpuTime = cpuTime
        sample.vcpuWait = 0
        sample.vcpuDelay = 0
        sample.balloonCurrent = copy.facts.balloon ?? copy.facts.memory
        sample.balloonMaximum = copy.facts.memory
        sample.rss = copy.facts.memory
        sample.dirtyRate = copy.dirtyRate
        return sample
    }

    /// Free memory and free pages follow from what is placed here.
    private func fillFree(_ facts: inout HostFacts, _ host: SimulatedHost) {
        if facts.cells.count == 1 { facts.cells[0].free = facts.memory - host.committedMemory }
        var sizes: [Bytes: Int64] = [:]
        for cell in facts.cells.indices {
            for pool in facts.cells[cell].hugePages.indices {
                let entry = facts.cells[cell].hugePages[pool]
                let left = sizes[entry.pageSize] ?? host.committedPages(of: entry.pageSize)
                let taken = min(left, entry.total)
                sizes[entry.pageSize] = left - taken
                facts.cells[cell].hugePages[pool].free = entry.total - taken
            }
        }
    }
}
