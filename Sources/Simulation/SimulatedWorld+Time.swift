package import ClusterModel

/// The clock: what happens by itself as time goes on.
extension SimulatedWorld {
    /// libvirt's keepalive: 5 s, five times, and one more.
    static let keepaliveMilliseconds: Int64 = 30_000
    /// QEMU's default for the pause at the switch-over.
    static let downtimeLimitMilliseconds: Int64 = 300
    static let prepareMilliseconds: Int64 = 400
    static let confirmMilliseconds: Int64 = 60
    static let restartMilliseconds: Int64 = 1000
    static let cleanupMilliseconds: Int64 = 500
    /// Seen in the lab: from the source's notice that post-copy is cut to the target's.
    static let noticeMilliseconds: Int64 = 1000

    /// When something will change by itself; nil when nothing will.
    package var nextChange: Timestamp? {
        var next: Timestamp?
        func consider(_ time: Timestamp?) {
            if let time { next = min(next ?? time, time) }
        }
        for item in schedule {
            if case .at(let time) = item.trigger { consider(time) }
        }
        for shell in shells { consider(shell.until) }
        for job in otherJobs ?? [] { consider(job.until) }
        if hasTruth { for down in truth?.downs ?? [] { consider(down.until) } }
        for save in truth?.saves ?? [] { consider(save.until) }
        for host in hosts {
            consider(host.rebootsAt)
            if !migrations.isEmpty { consider(host.linkDownUntil) }
        }
        for migration in migrations { consider(end(of: migration)) }
        return next
    }

    /// When this migration will next do something.
    private func end(of migration: SimulatedMigration) -> Timestamp? {
        let severed = migration.severedAt ?? .never
        let keepalive = span(Self.keepaliveMilliseconds)
        let own =
            migration.until ?? migration.stalledSince?.advanced(byMilliseconds: keepalive)
            ?? migration.iterationEnd ?? .never
        let end = min(severed, own)
        guard let stuck = migration.stuckUntil, now < stuck else {
            return end == .never ? nil : end
        }
        return end == .never ? stuck : max(stuck, end)
    }

    /// Does what is due now, in a fixed order: faults, clean-up, migrations by number.
    mutating func pass() {
        let due = schedule.filter { isDue($0.trigger) }
        schedule = schedule.filter { !isDue($0.trigger) }
        for item in due { inject(item.fault) }
        let now = now
        otherJobs?.removeAll { $0.until <= now }
        let over = shells.filter { $0.until <= now }
        shells.removeAll { $0.until <= now }
        for shell in over { clean(shell) }
        for index in hosts.indices {
            if hosts[index].linkDownUntil.map({ $0 <= now }) == true {
                hosts[index].linkDownUntil = nil
            }
            if hosts[index].rebootsAt.map({ $0 <= now }) == true { reboot(index) }
        }
        if hasTruth {
            endDueGuests()
            endDueSaves()
        }
        for id in migrations.map(\.id) {
            guard let migration = migrations.first(where: { $0.id == id }),
                let end = end(of: migration), end <= now
            else { continue }
            step(migration)
        }
        shareLinks()
    }

    private func isDue(_ trigger: ScheduledFault.Trigger) -> Bool {
        switch trigger {
        case .at(let time): time <= now
        case .phase, .ended, .asked, .down, .copying: false
        }
    }

    /// No new migration can have taken the shell: a host refuses a domain that is active there.
    mutating func clean(_ shell: StaleIncoming) {
        guard let copy = copy(of: shell.domain, on: shell.host), copy.isIncoming else { return }
        endProcess(
            of: shell.domain, on: shell.host, keepingDefinition: copy.hadDefinition)
    }

    /// Gives every copying migration its share of both its hosts' links.
    mutating func shareLinks() {
        var load: [HostName: Int64] = [:]
        for migration in migrations where migration.isCopying {
            load[migration.source, default: 0] += 1
            load[migration.target, default: 0] += 1
        }
        for index in migrations.indices where migrations[index].isCopying {
            let ends = [migrations[index].source, migrations[index].target]
            let shares = ends.map { name in share(of: name, among: load[name] ?? 1) }
            var rate = shares.min() ?? .zero
            if let limit = migrations[index].bandwidth {
                rate = min(rate, Bytes(Int64(Double(limit) * 1_048_576 * speed)))
            }
            let isStuck = migrations[index].stuckUntil.map { now < $0 } ?? false
            migrations[index].settle(at: now)
            migrations[index].rate = isStuck ? .zero : rate
            let stalled = migrations[index].stalledSince
            migrations[index].stalledSince = rate == .zero ? stalled ?? now : nil
        }
    }

    func share(of host: HostName, among count: Int64) -> Bytes {
        guard let host = self.host(host), !host.isLinkDown(at: now) else { return .zero }
        let bytes = Double(host.linkMbps) * 125_000 * speed
        return Bytes(Int64(bytes) / max(1, count))
    }
}

extension Timestamp {
    /// Later than anything that happens.
    static let never = Timestamp(milliseconds: .max)
}
