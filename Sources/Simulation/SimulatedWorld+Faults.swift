import ClusterModel
import HypervisorInterface

/// What faults do. Source: the loss points of the migration protocol,
/// `docs/libvirt-facts.md`.
extension SimulatedWorld {
    package mutating func inject(_ fault: SimulatedFault) {
        let now = now
        switch fault {
        case .daemonRestart(let host, let duration):
            silence(host, for: duration)
            restartDaemon(of: host)
        case .hostLoss(let host):
            lose(host)
            spoilFiles(of: host)
        case .hostReboot(let host, let duration):
            lose(host)
            changeHost(host) { $0.rebootsAt = now.advanced(byMilliseconds: duration) }
        case .linkLoss(let host, let duration):
            changeHost(host) { $0.linkDownUntil = now.advanced(byMilliseconds: duration) }
        case .slowLink(let host, let mbps):
            changeHost(host) { $0.linkMbps = mbps }
        case .connectionLoss(let host, let duration):
            let until = now.advanced(byMilliseconds: duration)
            changeHost(host) { $0.unreachableUntil = max($0.unreachableUntil ?? until, until) }
            breakConnections(to: host)
        case .anotherMachine(let host, let duration):
            let until = now.advanced(byMilliseconds: duration)
            changeHost(host) { $0.misleadsUntil = max($0.misleadsUntil ?? until, until) }
            breakConnections(to: host)
        case .anotherController(let host, let duration):
            beginAnotherRun(on: host, for: duration)
        case .peerLoss(let host, let duration):
            cutFromPeers(host, for: duration)
        case .hostDisabled(let host):
            closed.insert(host)
        case .powerCut(let host, let duration):
            cutPower(of: host, for: duration)
        case .foreignFile(let host, let path):
            putStranger(at: path, on: host)
        case .stuckMonitor, .lostFinish, .lostConfirm, .lostUndefine, .killedInFinish,
            .postcopyBreak, .guestShutDown, .guestStarted, .guestPaused, .guestResumed, .guestBusy,
            .movedByAnother, .movedCarelessly, .abortedByAnother, .guestLate, .guestDeaf,
            .startFails, .backup:
            strikeDomain(fault)
        }
        shareLinks()
    }

    /// What befalls one domain.
    private mutating func strikeDomain(_ fault: SimulatedFault) {
        let now = now
        switch fault {
        case .stuckMonitor(let domain, let duration):
            let until = now.advanced(byMilliseconds: duration)
            let holders = holders(of: domain)
            for host in holders { update(domain, on: host) { $0.stuckUntil = until } }
            // A domain that is off has no QEMU, and a definition goes over without one.
            if !holders.isEmpty { arm(domain) { $0.stuckUntil = until } }
        case .lostFinish(let domain):
            arm(domain) { $0.losesFinish = true }
        case .lostConfirm(let domain):
            arm(domain) { $0.losesConfirm = true }
        case .lostUndefine(let domain):
            arm(domain) { $0.losesUndefine = true }
        case .killedInFinish(let domain):
            arm(domain) { $0.isKilledInFinish = true }
        case .postcopyBreak(let domain):
            cutInTwo(domain)
        case .guestShutDown(let domain):
            shutDown(domain)
        case .guestStarted(let domain):
            start(domain)
        case .guestPaused(let domain):
            pause(domain)
        case .guestResumed(let domain):
            wake(domain)
        case .guestBusy(let domain, let rate):
            makeBusy(domain, rate)
        case .movedByAnother(let domain, let target):
            let persistent = holders(of: domain).first.flatMap { copy(of: domain, on: $0) }
            moveByAnother(
                domain, to: target, withDefinition: persistent?.facts.isPersistent ?? true)
        case .movedCarelessly(let domain, let target):
            moveByAnother(domain, to: target, withDefinition: false)
        case .backup(let domain, let duration):
            beginOtherJob(of: domain, for: duration)
        case .guestLate(let domain, let milliseconds):
            setShutdown(.late(milliseconds: milliseconds), of: domain)
        case .guestDeaf(let domain):
            setShutdown(.never, of: domain)
        case .startFails(let domain, let host):
            preventStart(of: domain, on: host)
        case .abortedByAnother(let domain):
            // Refused where it would be refused to us.
            guard let migration = migration(of: domain) else { break }
            try? abortMigration(of: domain, on: migration.source)
        case .daemonRestart, .hostLoss, .hostReboot, .powerCut, .linkLoss, .slowLink,
            .connectionLoss, .peerLoss, .hostDisabled, .foreignFile, .anotherMachine,
            .anotherController:
            break
        }
    }

    private mutating func arm(
        _ domain: DomainID, _ change: (inout SimulatedMigration) -> Void
    ) {
        for index in migrations.indices where migrations[index].domain == domain {
            change(&migrations[index])
        }
    }

    private mutating func silence(_ host: HostName, for milliseconds: Int64) {
        let until = now.advanced(byMilliseconds: milliseconds)
        changeHost(host) { $0.silentUntil = max($0.silentUntil ?? until, until) }
        breakConnections(to: host)
    }

    /// For less than the keepalive nobody notices; a managed migration does not need it.
    private mutating func cutFromPeers(_ host: HostName, for milliseconds: Int64) {
        let until = now.advanced(byMilliseconds: milliseconds)
        changeHost(host) { $0.peersCutUntil = max($0.peersCutUntil ?? until, until) }
        let keepalive = span(Self.keepaliveMilliseconds)
        guard milliseconds >= keepalive else { return }
        let severed = now.advanced(byMilliseconds: keepalive)
        for index in migrations.indices where !migrations[index].isManaged {
            let ends = [migrations[index].source, migrations[index].target]
            guard ends.contains(host) else { continue }
            migrations[index].severedAt = min(migrations[index].severedAt ?? severed, severed)
        }
    }

    /// Our process is gone, or its connections are, and with them who drove this migration.
    package mutating func abandon(_ id: Int) {
        guard let migration = migrations.first(where: { $0.id == id && $0.isManaged }) else {
            return
        }
        sever(migration)
    }

    private mutating func makeBusy(_ domain: DomainID, _ rate: Bytes) {
        let scaled = Bytes(Int64(Double(rate.count) * speed))
        for host in hosts { update(domain, on: host.name) { $0.dirtyRate = rate } }
        for index in migrations.indices where migrations[index].domain == domain {
            guard !migrations[index].isPastSwitchOver else { continue }
            migrations[index].dirtied = migrations[index].dirtied(at: now)
            migrations[index].settle(at: now)
            migrations[index].dirtyRate = scaled
        }
    }

    /// As `virsh resume` by somebody who sees one host only.
    private mutating func wake(_ domain: DomainID) {
        let now = now
        for host in hosts where !host.isLost {
            guard let copy = host.domain(domain), !copy.isIncoming, !hasJob(domain, on: host.name),
                copy.presence == .paused || copy.presence == .pausedByMigration
            else { continue }
            if copy.isStale { note(.splitBrain, of: domain) }
            update(domain, on: host.name) { $0.become(.running, at: now) }
            rouse(domain)
        }
    }

    mutating func reboot(_ index: Int) {
        let name = hosts[index].name
        // What waited for the old process there hears now that it is gone.
        for migration in migrations where migration.target == name {
            if migration.phase == .confirm || migration.phase == .postcopyCut { continue }
            cancel(migration, .failed, code: 38, "Lost connection to destination host")
        }
        shells.removeAll { $0.host == name }
        hosts[index].reboot(at: now)
        hosts[index].isTouchedByOthers = true
        for copy in hosts[index].domains where copy.isActive {
            if hasTruth { comeUpUnproven(copy.id, on: name) }
            let runsElsewhere = hosts.contains {
                $0.name != name && $0.domain(copy.id)?.isActive == true
            }
            if runsElsewhere { note(.splitBrain, of: copy.id) }
        }
    }

    private mutating func restartDaemon(of host: HostName) {
        changeHost(host) { $0.forgetCauses() }
        for migration in migrations where migration.source == host || migration.target == host {
            let isSource = migration.source == host
            switch migration.phase {
            case .prepare, .perform:
                cancel(
                    migration, isSource ? .unreachable : .failed, code: 38,
                    isSource
                        ? "internal error: client socket is closed"
                        : "Lost connection to destination host")
            case .postcopy, .postcopyCut:
                leaveUnattended(
                    migration,
                    isSource
                        ? "internal error: client socket is closed"
                        : "Lost connection to destination host")
            case .switchOver where isSource:
                // PERFORM3_DONE: the source's daemon does nothing and leaves its copy paused; the
                // target's process ends with the connection that started it.
                leaveShell(migration, forMilliseconds: 0)
                conclude(
                    migration,
                    failure: (.unreachable, 38, "internal error: client socket is closed"))
            case .switchOver:
                cancel(migration, .failed, code: 38, "Lost connection to destination host")
            case .confirm where isSource:
                conclude(
                    migration,
                    failure: (.unreachable, 38, "internal error: client socket is closed"))
            case .confirm:
                continue
            }
        }
    }

    private mutating func cutPower(of host: HostName, for milliseconds: Int64) {
        guard self.host(host)?.isLost == false else { return }
        lose(host)
        let until = now.advanced(byMilliseconds: milliseconds)
        changeHost(host) { $0.rebootsAt = until }
        losePageCache(of: host)
    }

    private mutating func lose(_ name: HostName) {
        guard let index = index(of: name), !hosts[index].isLost else { return }
        breakConnections(to: name)
        for copy in hosts[index].domains {
            // A copy left behind is about to go, with its definition.
            let isDefinedElsewhere = hosts.contains { other in
                guard other.name != name, !other.isGone, let twin = other.domain(copy.id) else {
                    return false
                }
                return twin.facts.isPersistent && !twin.isStale
            }
            if copy.holdsGuest || !isDefinedElsewhere { note(.lostWithHost, of: copy.id) }
        }
        hosts[index].isLost = true
        let torn = migrations.filter {
            $0.phase == .postcopy && ($0.source == name || $0.target == name)
        }
        for migration in torn { cutInTwo(migration.domain) }
        for migration in migrations where migration.source == name {
            if migration.phase == .postcopyCut { continue }
            // Before Finish the target has nothing but an empty process.
            if migration.phase != .confirm { leaveShell(migration, forMilliseconds: 0) }
            conclude(migration, failure: (.unreachable, 38, "client socket is closed"))
        }
    }

    /// Ends the guest wherever it executes now.
    private mutating func shutDown(_ domain: DomainID) {
        for host in hosts where !host.isLost {
            guard let copy = host.domain(domain), copy.presence == .running else { continue }
            // Half of its memory is elsewhere: it does not get as far as to end.
            if migration(of: domain)?.isPastSwitchOver == true { continue }
            if let migration = migration(of: domain), migration.source == host.name,
                migration.phase != .confirm
            {
                cancel(migration, .failed, code: 9, "domain is not running any more")
            }
            note(.shutDown, of: domain)
            // With a transient domain libvirt deletes what is its own: its owner's doing.
            if hasTruth, !copy.facts.isPersistent { know { $0.spoiled.insert(domain) } }
            endProcess(
                of: domain, on: host.name, keepingDefinition: copy.facts.isPersistent)
        }
    }

    private mutating func start(_ domain: DomainID) {
        let now = now
        guard migration(of: domain) == nil,
            !hosts.contains(where: { $0.domain(domain)?.isActive == true }),
            let host = hosts.first(where: { !$0.isLost && $0.domain(domain) != nil })
        else { return }
        guard !hasTruth else { return startByPerson(domain, on: host.name) }
        changeHost(host.name) { $0.isTouchedByOthers = true }
        update(domain, on: host.name) { $0.become(.running, at: now) }
    }

    private mutating func pause(_ domain: DomainID) {
        let now = now
        guard migration(of: domain) == nil else { return }
        for host in hosts where host.domain(domain)?.presence == .running {
            note(.pausedByPerson, of: domain)
            update(domain, on: host.name) { $0.become(.paused, at: now) }
        }
    }

    /// As `virsh migrate --live --p2p --persistent --undefinesource` by somebody else would.
    private mutating func moveByAnother(
        _ domain: DomainID, to target: HostName, withDefinition: Bool
    ) {
        guard let source = holders(of: domain).first, source != target else { return }
        let request = MigrationRequest(
            domain: domain, target: target, targetURI: "", migrateURI: "",
            isPersistent: withDefinition, options: MigrationOptions())
        do throws(HypervisorError) {
            _ = try migrate(request, from: source)
            note(.movedByAnother, of: domain)
            changeHost(target) { $0.isTouchedByOthers = true }
        } catch {
            // The other person is refused like anybody else.
        }
    }
}
