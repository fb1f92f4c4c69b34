import ClusterModel
import HypervisorInterface

/// How a migration goes on from phase to phase.
///
/// Source: migration protocol v3, libvirt 9.0.0; the pre-copy arithmetic is QEMU's: send all, then
/// what was rewritten meanwhile, until the rest fits into the allowed downtime.
extension SimulatedWorld {
    mutating func step(_ migration: SimulatedMigration) {
        if migration.stuckUntil.map({ now < $0 }) == true { return }
        if migration.severedAt.map({ $0 <= now }) == true { return sever(migration) }
        switch migration.phase {
        case .prepare where migration.mode == .offline: finishOffline(migration)
        case .confirm where migration.mode == .offline: confirmOffline(migration)
        case .prepare: enter(.perform, migration)
        case .perform: endIteration(migration)
        case .postcopy: endPostcopy(migration)
        case .postcopyCut: noticeCut(migration)
        case .switchOver: finish(migration)
        case .confirm: confirm(migration)
        }
    }

    mutating func change(
        _ migration: SimulatedMigration, _ change: (inout SimulatedMigration) -> Void
    ) {
        guard let index = migrations.firstIndex(where: { $0.id == migration.id }) else { return }
        change(&migrations[index])
    }

    /// Enters a phase, and injects the faults that wait for it.
    mutating func enter(_ phase: SimulatedMigration.Phase, _ migration: SimulatedMigration) {
        let now = now
        change(migration) {
            $0.phase = phase
            $0.since = now
            $0.until = nil
        }
        switch phase {
        case .prepare:
            let until = now.advanced(byMilliseconds: span(Self.prepareMilliseconds))
            change(migration) { $0.until = until }
        case .perform, .postcopy:
            shareLinks()
        case .postcopyCut:
            let until = now.advanced(byMilliseconds: span(Self.noticeMilliseconds))
            change(migration) { $0.until = until }
        case .switchOver:
            update(migration.domain, on: migration.source) {
                $0.become(.pausedByMigration, at: now)
            }
            let pause = max(1, migration.downtimeMilliseconds)
            change(migration) { $0.until = now.advanced(byMilliseconds: pause) }
        case .confirm:
            let until = now.advanced(byMilliseconds: span(Self.confirmMilliseconds))
            change(migration) { $0.until = until }
        }
        let trigger = ScheduledFault.Trigger.phase(migration.domain, phase)
        let due = schedule.filter { $0.trigger == trigger }
        schedule.removeAll { $0.trigger == trigger }
        for item in due { inject(item.fault) }
    }

    private mutating func endIteration(_ old: SimulatedMigration) {
        if old.stalledSince != nil, old.rate == .zero {
            return cancel(
                old, .failed, code: 38,
                "Lost connection to destination host: the migration network is down")
        }
        guard old.iterationEnd.map({ $0 <= now }) == true else { return }
        var migration = old
        migration.settle(at: now)
        migration.remaining = migration.dirtied
        migration.dirtied = .zero
        migration.iteration += 1
        let rate = max(1, migration.rate.count)
        let pause = Int64(Double(migration.remaining.count) / Double(rate) * 1000)
        let allowed = migration.downtimeLimitMilliseconds ?? Self.downtimeLimitMilliseconds
        let converged = pause <= span(allowed)
        if converged {
            migration.transferred += migration.remaining
            migration.downtimeMilliseconds =
                pause + span(20) + (migration.suspendedAt.map { now.millisecondsSince($0) } ?? 0)
            migration.remaining = .zero
        } else {
            throttle(&migration, after: old)
        }
        change(old) { $0 = migration }
        if converged {
            enter(.switchOver, migration)
        } else if migration.switchesAfterFirstPass {
            startPostcopy(migration)
        }
    }

    /// QEMU's auto-converge: it takes CPU from a guest that rewrites too much of what is sent.
    private func throttle(_ migration: inout SimulatedMigration, after old: SimulatedMigration) {
        guard migration.autoConverges else { return }
        let sent = migration.transferred - old.transferred
        migration.busyPasses += migration.remaining.count > sent.count / 2 ? 1 : 0
        guard migration.busyPasses >= 2 else { return }
        migration.busyPasses = 0
        let percent = migration.throttlePercent
        migration.throttlePercent = percent == 0 ? 20 : min(99, percent + 10)
    }

    /// The guest stands still on the source, and the rest goes over.
    mutating func suspend(_ job: SimulatedMigration) {
        let now = now
        change(job) {
            $0.settle(at: now)
            $0.suspendedAt = $0.suspendedAt ?? now
        }
        update(job.domain, on: job.source) { $0.become(.pausedByMigration, at: now) }
    }

    /// The guest goes over now, and what it lacks of its memory follows: from here on neither copy
    /// is whole. Its definition comes with Finish.
    mutating func startPostcopy(_ old: SimulatedMigration) {
        let now = now
        var migration = old
        migration.settle(at: now)
        // What was rewritten since this pass began is missing too.
        migration.remaining = min(migration.total, migration.remaining + migration.dirtied)
        migration.dirtied = .zero
        change(old) { $0 = migration }
        update(migration.domain, on: migration.source) {
            $0.become(.pausedByMigration, at: now)
            $0.isStale = true
        }
        update(migration.domain, on: migration.target) {
            $0.isIncoming = false
            $0.become(.running, at: now)
        }
        if hasTruth { carryFiles(of: migration) }
        change(migration) {
            $0.dirtyRate = .zero
            $0.downtimeMilliseconds = 20
        }
        enter(.postcopy, migration)
    }

    private mutating func endPostcopy(_ old: SimulatedMigration) {
        if old.stalledSince != nil, old.rate == .zero { return cutInTwo(old.domain) }
        guard old.iterationEnd.map({ $0 <= now }) == true else { return }
        update(old.domain, on: old.target) {
            $0.setPersistent(old.isPersistent || $0.hadDefinition)
        }
        change(old) {
            $0.transferred += $0.remaining
            $0.remaining = .zero
        }
        enter(.confirm, old)
    }

    /// The link broke: the source sees so at once, and what it has not sent is missing.
    mutating func cutInTwo(_ domain: DomainID) {
        let now = now
        guard var migration = migration(of: domain), migration.phase == .postcopy else { return }
        migration.settle(at: now)
        note(.cutInTwo, of: domain)
        update(domain, on: migration.source) { $0.become(.postcopyFailed, at: now) }
        update(domain, on: migration.target) { $0.missing = migration.remaining }
        enter(.postcopyCut, migration)
    }

    private mutating func noticeCut(_ migration: SimulatedMigration) {
        let now = now
        update(migration.domain, on: migration.target) {
            // Unless it ended meanwhile.
            if $0.missing != nil { $0.become(.postcopyFailed, at: now) }
        }
        conclude(migration, failure: (.failed, 9, "post-copy migration failed: link broken"))
    }

    /// The daemons, or we and they, have lost each other. Source: qemu_migration.c, what the hosts
    /// do when the connection closes that started the migration.
    mutating func sever(_ migration: SimulatedMigration) {
        change(migration) { $0.severedAt = nil }
        switch migration.phase {
        case .prepare, .perform:
            cancel(migration, .failed, code: 38, "Lost connection to destination host")
        case .switchOver where migration.isManaged:
            // Nobody is left to tell the source what became of its guest: it stays paused.
            leaveShell(migration, forMilliseconds: 0)
            conclude(migration, failure: (.unreachable, 38, "client socket is closed"))
        case .switchOver:
            cancel(migration, .failed, code: 38, "Lost connection to destination host")
        case .postcopy, .postcopyCut:
            leaveUnattended(migration, "Lost connection to destination host")
        case .confirm where migration.isManaged:
            conclude(migration, failure: (.unreachable, 38, "client socket is closed"))
        case .confirm:
            break
        }
    }

    /// The call fails and the migration goes on by itself.
    mutating func leaveUnattended(_ migration: SimulatedMigration, _ message: String) {
        guard !migration.isUnattended else { return }
        change(migration) { $0.isUnattended = true }
        reply(migration, failure: (.unreachable, 38, message))
    }

    /// Finish: the target takes the guest over, and its definition with it.
    private mutating func finish(_ migration: SimulatedMigration) {
        let now = now
        let ends = [migration.source, migration.target].compactMap { host($0) }
        guard ends.count == 2, !ends.contains(where: { $0.isLinkDown(at: now) }),
            ends[1].domain(migration.domain) != nil
        else {
            return cancel(migration, .failed, code: 38, "Lost connection to destination host")
        }
        if !migration.isManaged, let cut = ends.compactMap(\.peersCutUntil).max(), now < cut {
            // Finish is not heard before they reach each other again, or notice that they do not.
            return change(migration) { $0.until = cut }
        }
        update(migration.domain, on: migration.target) {
            $0.isIncoming = false
            $0.setPersistent(migration.isPersistent || $0.hadDefinition)
        }
        if migration.isKilledInFinish {
            let isDefined = copy(of: migration.domain, on: migration.target)?.facts.isPersistent
            endProcess(
                of: migration.domain, on: migration.target, keepingDefinition: isDefined == true)
            return inject(
                .daemonRestart(migration.target, silentMilliseconds: span(Self.restartMilliseconds))
            )
        }
        update(migration.domain, on: migration.target) {
            $0.become(migration.leavesPaused ? .paused : .running, at: now)
        }
        if hasTruth { carryFiles(of: migration) }
        if migration.losesFinish {
            note(.splitBrain, of: migration.domain)
            update(migration.domain, on: migration.source) { $0.become(.running, at: now) }
            return conclude(
                migration, failure: (.failed, 38, "Lost connection to destination host"))
        }
        update(migration.domain, on: migration.source) { $0.isStale = true }
        enter(.confirm, migration)
    }

    /// Confirm: the source ends its copy and, where the definition moved, forgets it.
    private mutating func confirm(_ migration: SimulatedMigration) {
        if migration.losesConfirm { return conclude(migration, failure: nil) }
        let wasPersistent =
            copy(of: migration.domain, on: migration.source)?.facts.isPersistent ?? false
        endProcess(
            of: migration.domain, on: migration.source,
            keepingDefinition: wasPersistent
                && (migration.losesUndefine || !migration.isPersistent),
            tpm: migration.isManaged ? .deleted : .deletedUnlessKept)
        conclude(migration, failure: nil)
    }

    /// It fails before Finish: the source goes on, the target's empty process is cleaned up soon.
    mutating func cancel(
        _ migration: SimulatedMigration, _ kind: HypervisorError.Kind, code: Int,
        _ message: String
    ) {
        let now = now
        update(migration.domain, on: migration.source) {
            guard $0.presence == .pausedByMigration else { return }
            $0.become(migration.wasPaused ? .paused : .running, at: now)
        }
        if hasTruth {
            // What went over without its guest was not written to.
            if copy(of: migration.domain, on: migration.source)?.presence == .running {
                touch(migration.domain, on: migration.source)
            }
            rouse(migration.domain)
        }
        leaveShell(migration, forMilliseconds: span(Self.cleanupMilliseconds))
        conclude(migration, failure: (kind, code, message))
    }

    /// The target's process that will never get its memory.
    mutating func leaveShell(
        _ migration: SimulatedMigration, forMilliseconds delay: Int64
    ) {
        let until = now.advanced(byMilliseconds: delay)
        let shell = StaleIncoming(domain: migration.domain, host: migration.target, until: until)
        if delay > 0 { shells.append(shell) } else { clean(shell) }
    }

    /// The API call returns.
    mutating func conclude(
        _ migration: SimulatedMigration,
        failure: (kind: HypervisorError.Kind, code: Int, message: String)?
    ) {
        migrations.removeAll { $0.id == migration.id }
        reply(migration, failure: failure)
        // Not at once: whoever ended it is in the middle of something.
        for index in schedule.indices where schedule[index].trigger == .ended(migration.domain) {
            // Another tool is refused while the target cleans up.
            let delay = schedule[index].fault.isMove ? span(Self.cleanupMilliseconds) + 100 : 0
            schedule[index].trigger = .at(now.advanced(byMilliseconds: delay))
        }
        shareLinks()
    }

    private mutating func reply(
        _ migration: SimulatedMigration,
        failure: (kind: HypervisorError.Kind, code: Int, message: String)?
    ) {
        var ending = EndedMigration(
            id: migration.id, domain: migration.domain, endedAt: now)
        if let failure {
            ending.failure = EndedMigration.Failure(
                kind: failure.kind, code: failure.code, message: failure.message)
        } else {
            ending.statistics = MigrationStatistics(
                durationMilliseconds: now.millisecondsSince(migration.startedAt),
                downtimeMilliseconds: migration.downtimeMilliseconds,
                transferred: migration.transferred, iterations: migration.iteration)
        }
        ended.append(ending)
        // Enough for every waiter to find its answer, in a file that does not grow forever.
        if ended.count > 256 { ended.removeFirst(ended.count - 256) }
    }
}
