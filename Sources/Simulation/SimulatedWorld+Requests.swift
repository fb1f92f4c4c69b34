package import ClusterModel
package import HypervisorInterface

/// What an actuator can ask for. Each is refused where a real host would refuse it, and noted as a
/// violation where a real host would do it and a guest would be harmed.
extension SimulatedWorld {
    /// Starts a migration and returns its number; `ending(of:)` tells how it ended.
    package mutating func migrate(
        _ request: MigrationRequest, from source: HostName
    ) throws(HypervisorError) -> Int {
        guard request.mode != .offline else {
            return try migrateDefinition(request, from: source)
        }
        let copy = try answering(request.domain, on: source, operation: "migrate")
            .renaming(request.names)
        try admit(copy, request, from: source)
        let migration = newMigration(request, of: copy, from: source)
        let definition = self.copy(of: request.domain, on: request.target)
        place(copy.incomingCopy(at: now, over: definition), on: request.target)
        enter(.prepare, migration)
        return migration.id
    }

    mutating func newMigration(
        _ request: MigrationRequest, of copy: SimulatedDomain, from source: HostName
    ) -> SimulatedMigration {
        var migration = SimulatedMigration(
            id: nextMigration, domain: request.domain, source: source, target: request.target,
            isPersistent: request.isPersistent, mode: request.mode,
            isManaged: request.options.route == .managed,
            allowsPostcopy: request.options.mayEndInPostcopy && copy.presence == .running,
            switchesAfterFirstPass: request.options.postcopy,
            bandwidth: request.options.bandwidth, autoConverges: request.options.autoConverge,
            wasPaused: copy.presence == .paused,
            leavesPaused: copy.presence == .paused || request.options.suspend,
            startedAt: now, since: now,
            total: copy.facts.memory, remaining: copy.facts.memory,
            dirtyRate: Bytes(Int64(Double(copy.dirtyRate.count) * speed)), hotSet: copy.hotSet)
        switch request.mode {
        case .live, .shutdown, .save, .start, .restore: break
        case .offline:
            migration.interfaces = request.names
            migration.keepsDefinition = request.keepsDefinition
        case .storage:
            // Disks are mirrored first, and what the guest writes to them goes to both.
            let disks = request.copies.reduce(Bytes.zero) { $0 + copy.length(of: $1) }
            migration.copies = request.copies
            migration.hotSet = copy.hotSet ?? copy.facts.memory
            migration.total += disks
            migration.remaining += disks
        }
        nextMigration += 1
        migrations.append(migration)
        return migration
    }

    /// Takes up a post-copy that lost its link. It goes on like one whose caller is gone: the guest
    /// runs on the target again, and what it lacks follows.
    package mutating func resumePostcopy(
        _ request: MigrationRequest, from source: HostName
    ) throws(HypervisorError) {
        let (domain, target, now) = (request.domain, request.target, self.now)
        let what = "resume post-copy"
        let left = try answering(domain, on: source, operation: what)
        guard left.presence == .postcopyFailed, !hasJob(domain, on: source) else {
            throw refusal(
                .failed, 55, what, domain, source, "post-copy migration has not failed")
        }
        let cut = [source, target].compactMap { host($0) }.contains {
            $0.isLost || $0.isLinkDown(at: now) || $0.peersCutUntil.map { now < $0 } == true
        }
        guard !cut, host(target)?.isUnreachable(at: now) == false else {
            throw refusal(.failed, 38, what, domain, source, "unable to connect to the target")
        }
        guard let arrived = copy(of: domain, on: target), let missing = arrived.missing,
            arrived.presence == .postcopyFailed, !arrived.isStuck(at: now)
        else {
            throw refusal(
                .failed, 55, what, domain, source, "the target does not wait for the rest of it")
        }
        var migration = newMigration(request, of: left, from: source)
        migration.isUnattended = true
        migration.remaining = missing
        migration.dirtyRate = .zero
        change(migration) { $0 = migration }
        update(domain, on: source) { $0.become(.pausedByMigration, at: now) }
        update(domain, on: target) {
            $0.become(.running, at: now)
            $0.missing = nil
        }
        fates.removeAll { $0 == DomainOutcome(domain: domain, kind: .cutInTwo) }
        enter(.postcopy, migration)
    }

    package mutating func abortMigration(
        of domain: DomainID, on source: HostName
    ) throws(HypervisorError) {
        _ = try answering(domain, on: source, operation: "abort job")
        if hasOtherJob(domain) {
            violations.append("ended somebody's backup of \(domain)")
            otherJobs?.removeAll { $0.domain == domain }
            return
        }
        guard let job = migrations.first(where: { $0.domain == domain && $0.source == source })
        else {
            throw refusal(
                .failed, 55, "abort job", domain, source, "no job is active on the domain")
        }
        guard job.phase == .prepare || job.phase == .perform else {
            throw refusal(
                .failed, 55, "abort job", domain, source,
                "cannot abort a migration at its switch-over")
        }
        cancel(job, .aborted, code: 78, "operation aborted: migration out job: canceled by client")
    }

    package mutating func adjustMigration(
        of domain: DomainID, _ adjustment: MigrationAdjustment, on source: HostName
    ) throws(HypervisorError) {
        let what = "adjust migration"
        _ = try answering(domain, on: source, operation: what)
        guard let job = migrations.first(where: { $0.domain == domain && $0.source == source }),
            job.phase == .prepare || job.phase == .perform
        else {
            throw refusal(.failed, 55, what, domain, source, "domain is not being migrated")
        }
        switch adjustment {
        case .allowDowntime(let milliseconds):
            change(job) { $0.downtimeLimitMilliseconds = milliseconds }
        case .allowBandwidth(let speed):
            change(job) { $0.bandwidth = speed }
            shareLinks()
        case .startPostcopy:
            guard job.allowsPostcopy, job.phase == .perform else {
                throw refusal(
                    .failed, 55, what, domain, source,
                    "post-copy can only be started while outgoing migration is in progress")
            }
            startPostcopy(job)
        case .suspendGuest:
            guard job.phase == .perform else {
                throw refusal(.failed, 55, what, domain, source, "domain is not being migrated")
            }
            suspend(job)
        }
    }

    package mutating func resume(
        _ domain: DomainID, on host: HostName
    ) throws(HypervisorError) {
        let copy = try idle(domain, on: host, operation: "resume")
        _ = try answering(domain, on: host, operation: "resume")
        guard copy.presence == .paused || copy.presence == .pausedByMigration, !copy.isIncoming
        else {
            throw refusal(
                .failed, 55, "resume", domain, host, "domain is \(copy.presence.rawValue)")
        }
        if copy.isStale {
            violations.append("resumed the copy of \(domain) on \(host), which has run elsewhere")
        }
        let now = now
        update(domain, on: host) { $0.become(.running, at: now) }
        touch(domain, on: host)
        rouse(domain)
    }

    package mutating func destroyPausedCopy(
        of domain: DomainID, on host: HostName
    ) throws(HypervisorError) {
        let copy = try idle(domain, on: host, operation: "destroy")
        guard copy.presence == .pausedByMigration else {
            throw refusal(
                .denied, 55, "destroy", domain, host,
                "domain is \(copy.presence.rawValue) and was not paused by a migration")
        }
        if copy.holdsGuest {
            violations.append("destroyed the newest copy of \(domain), on \(host)")
        } else if !hosts.contains(where: { $0.name != host && $0.isAlive(domain) }) {
            violations.append("destroyed a copy of \(domain) on \(host) while it ran nowhere")
        }
        endProcess(of: domain, on: host, keepingDefinition: copy.facts.isPersistent)
    }

    package mutating func undefine(
        _ domain: DomainID, on host: HostName
    ) throws(HypervisorError) {
        let copy = try known(domain, on: host, operation: "undefine")
        guard !copy.isActive else {
            throw refusal(.denied, 55, "undefine", domain, host, "domain is active")
        }
        let holders = hosts.filter {
            $0.name != host && $0.domain(domain)?.facts.isPersistent == true
        }
        if holders.isEmpty {
            violations.append("removed the last definition of \(domain), on \(host)")
        }
        // It was seen there, and the host has gone for good while this was under way.
        if !holders.isEmpty, holders.allSatisfy(\.isGone) { note(.lostWithHost, of: domain) }
        // Its flags keep UEFI variables and TPM state.
        endProcess(of: domain, on: host, keepingDefinition: false, tpm: .left)
    }

    package mutating func setAutostart(
        of domain: DomainID, to value: Bool, on host: HostName
    ) throws(HypervisorError) {
        let copy = try known(domain, on: host, operation: "set autostart")
        guard copy.facts.isPersistent else {
            throw refusal(
                .failed, 55, "set autostart", domain, host,
                "cannot set autostart for transient domain")
        }
        update(domain, on: host) { $0.setAutostart(value) }
    }

    // MARK: What every request needs

    func reach(_ host: HostName, operation: String) throws(HypervisorError) {
        guard let found = self.host(host) else {
            throw HypervisorError(
                kind: .unreachable, operation: operation, host: host, code: 38,
                message: "the simulated fleet has no such host",
                remedy: "its file has another name for it: see its \"hosts\"")
        }
        guard !found.isUnreachable(at: now) else {
            throw HypervisorError(
                kind: .unreachable, operation: operation, host: host, code: 38,
                message: "unable to connect to server: Connection refused")
        }
    }

    func known(
        _ domain: DomainID, on host: HostName, operation: String
    ) throws(HypervisorError) -> SimulatedDomain {
        try reach(host, operation: operation)
        guard !isMisleading(host), let copy = copy(of: domain, on: host) else {
            throw refusal(
                .noDomain, 42, operation, domain, host, "no domain with matching uuid")
        }
        return copy
    }

    func active(
        _ domain: DomainID, on host: HostName, operation: String
    ) throws(HypervisorError) -> SimulatedDomain {
        let copy = try known(domain, on: host, operation: operation)
        guard copy.isActive else {
            throw refusal(.failed, 55, operation, domain, host, "domain is not running")
        }
        return copy
    }

    /// Active, and its monitor answers: libvirt waits 30 s for one that does not.
    func answering(
        _ domain: DomainID, on host: HostName, operation: String
    ) throws(HypervisorError) -> SimulatedDomain {
        let copy = try active(domain, on: host, operation: operation)
        guard !copy.isStuck(at: now) else {
            throw refusal(
                .timeout, 68, operation, domain, host,
                "Timed out during operation: cannot acquire state change lock (held by monitor)")
        }
        return copy
    }

    /// Active, and without a migration at work on it here.
    func idle(
        _ domain: DomainID, on host: HostName, operation: String
    ) throws(HypervisorError) -> SimulatedDomain {
        let copy = try active(domain, on: host, operation: operation)
        guard !hasJob(domain, on: host) else {
            throw refusal(
                .failed, 68, operation, domain, host,
                "cannot acquire state change lock (held by a migration)")
        }
        return copy
    }

    /// A migration job on this host: the source's lasts through Confirm, the target's until Finish.
    func hasJob(_ domain: DomainID, on host: HostName) -> Bool {
        migrations.contains {
            $0.domain == domain
                && ($0.source == host || ($0.target == host && $0.phase != .confirm))
        }
    }

    func refusal(
        _ kind: HypervisorError.Kind, _ code: Int, _ operation: String, _ domain: DomainID,
        _ host: HostName, _ message: String
    ) -> HypervisorError {
        HypervisorError(
            kind: kind, operation: operation, host: host,
            domain: copy(of: domain, on: host)?.facts.name ?? domain.rawValue, code: code,
            message: message)
    }
}

extension SimulatedHost {
    /// Does it hold the guest, running or paused by a person? Somebody may pause it between our
    /// look, which must have seen it run, and the request: that takes nothing of the proof.
    fileprivate func isAlive(_ id: DomainID) -> Bool {
        guard let copy = domain(id), copy.holdsGuest else { return false }
        return copy.presence.isGuest
    }
}
