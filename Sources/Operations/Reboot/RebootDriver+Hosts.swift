import Actuation
import ClusterModel
import Execution
import HypervisorInterface
import Persistence
import PlacementPolicy
import Synchronization

/// The reboot of one host: right before it, and until it is back.
extension RebootDriver {
    /// Between two looks at hosts that are on their way.
    private static let lookMilliseconds: Int64 = 2000
    /// A command may fail because its host went down under it, as ssh does: for this long it
    /// is looked whether the host goes down.
    private static let doubtMilliseconds: Int64 = 30_000
    /// A host that is emptied again and again is somebody else's.
    private static let occupationsAtMost = 3

    /// Looks that the host is empty and in maintenance, with other controllers kept away, and has
    /// it rebooted. Whatever does not fit leaves it as it is.
    func reboot(_ host: HostName) async throws {
        let it = try fleetHost(host)
        let round = state.round?.names ?? []
        if leases == nil {
            leases = try await runs.demandLeases(
                on: Set(round), for: "run \(run), reboot \(round.words)")
        }
        var boot = try await boots.boot(of: it.host)
        try boots.refuseOwn(boot, of: host)
        add(try await it.access.connection.inspector.inventory().facts, to: &boot)
        // Nothing that takes long comes between these looks and the command.
        guard try await journal.maintenance().contains(where: { $0.host == host }) else {
            throw CommandError(
                "\(host) is no longer in maintenance, so it is not rebooted: somebody has ended "
                    + "that. To go on: kvmbalance runs resume \(run)\(service.flags.config)",
                exit: .failed)
        }
        let guests = try await it.access.connection.inspector.guests()
        guard guests.isEmpty else { return try await empty(host, of: guests) }
        guard control.reason == nil else { return }
        try await record(.rebooting(host, before: boot))
        guard let template = try service.command(request.command) else {
            await note("reboot \(host) now: it is empty and in maintenance, and is waited for")
            return
        }
        let (line, log) = (template.line(for: it.host), service.log(of: run, host))
        await note("\(host): \(line) (its output: \(log))")
        endings.start(host) { [commands = service.commands] in
            await commands.run(line, log: log)
        }
    }

    private func empty(_ host: HostName, of guests: [String]) async throws {
        let names = guests.sorted().map { "'\($0)'" }.joined(separator: ", ")
        guard (state.round?.occupations ?? 0) < Self.occupationsAtMost else {
            throw CommandError(
                "\(host) is not empty: \(names) was started there again and again while it is in "
                    + "maintenance. See who does that, then: kvmbalance runs resume \(run)"
                    + service.flags.config, exit: .failed)
        }
        await note("\(host) is not empty any more (\(names)): it is drained again")
        await endLeases()
        try await record(.occupied(host, guests: guests))
    }

    private func fleetHost(
        _ name: HostName
    ) throws -> (host: FleetHost, access: HostAccess) {
        guard let host = observer.hosts.fleet.hosts.first(where: { $0.name == name }),
            let access = observer.hosts[name]
        else {
            throw CommandError(
                "\(name) is not in the fleet file any more: put it back, or give this up: "
                    + "kvmbalance runs abort \(run)\(service.flags.config)")
        }
        return (host, access)
    }

    private func add(_ facts: HostFacts, to boot: inout HostBoot) {
        boot.libvirt = HostFacts.text(ofVersion: facts.libvirtVersion)
        boot.hypervisor = facts.hypervisorVersion.map(HostFacts.text(ofVersion:))
    }

    // MARK: Until they are back

    /// What a look at a host came to.
    private enum Observation {
        case back(HostBoot)
        /// It answers, and was not rebooted.
        case unchanged
        /// Not yet, for this reason.
        case away(String)
    }

    /// Looks at these until something is known of one of them.
    func watch(_ hosts: [HostName]) async throws {
        var doubts: [HostName: String] = [:]
        while true {
            if try await recordEndings(of: hosts) { return }
            if control.reason != nil { return }
            let looks = await looks(at: hosts)
            for host in hosts {
                guard let look = looks[host], case .rebooting(let attempt) = state.turn(of: host)
                else { continue }
                switch look {
                case .back(let boot):
                    try await record(.back(host, boot))
                    return await tell(host, attempt, boot)
                case .unchanged:
                    if let reason = failure(of: host, attempt) {
                        return try await record(.failed(host, reason: reason, isOpen: false))
                    }
                    doubts[host] = unchanged(host, attempt)
                    // A person has all the time: what is limited is how long the host is away.
                    if request.command == nil { lastSeen[host] = now() }
                case .away(let reason): doubts[host] = reason
                }
                if let reason = overdue(host, attempt, doubts[host]) {
                    return try await record(.failed(host, reason: reason, isOpen: true))
                }
            }
            await renewLeases(on: hosts)
            try await observer.clock.sleep(Self.lookMilliseconds)
        }
    }

    /// What other controllers see of this run; a host that is down keeps it.
    private func renewLeases(on hosts: [HostName]) async {
        guard now().millisecondsSince(leasedAt ?? now()) >= HostLease.renewalMilliseconds else {
            leasedAt = leasedAt ?? now()
            return
        }
        for host in hosts { _ = await leases?.take(host) }
        leasedAt = now()
    }

    private func recordEndings(of hosts: [HostName]) async throws -> Bool {
        for host in hosts {
            guard let ending = endings.take(host) else { continue }
            switch ending {
            case .ended(let status, let words):
                try await record(.commandEnded(host, status: status, words: words))
            case .notStarted(let reason):
                try await record(
                    .notStarted(host, reason: "\(host): its command was not started: \(reason)"))
            }
            return true
        }
        return false
    }

    private func tell(_ host: HostName, _ attempt: RebootState.Attempt, _ boot: HostBoot) async {
        let took = Format.duration(milliseconds: now().millisecondsSince(attempt.since))
        let changes = attempt.before.changes(to: boot)
        let news = changes.isEmpty ? "" : ": " + changes.joined(separator: ", ")
        await note("\(host) is back after \(took)\(news)")
    }

    private func looks(at hosts: [HostName]) async -> [HostName: Observation] {
        let fleet = observer.hosts.fleet.hosts.filter { hosts.contains($0.name) }
        let found = await FitnessProbes.inParallel(fleet) {
            [boots] host -> Result<HostBoot, any Error> in
            do {
                return .success(try await boots.boot(of: host))
            } catch {
                return .failure(error)
            }
        }
        var looks: [HostName: Observation] = [:]
        for (host, result) in found {
            guard case .rebooting(let attempt) = state.turn(of: host) else { continue }
            switch result {
            case .success(let boot) where boot.id == attempt.before.id: looks[host] = .unchanged
            case .success(let boot): looks[host] = await look(at: host, boot)
            case .failure(let error): looks[host] = .away("\(error)")
            }
        }
        return looks
    }

    /// It was rebooted: is it the same machine, does it answer, is it as fit as it was?
    private func look(at host: HostName, _ boot: HostBoot) async -> Observation {
        if service.commands.isRunning(log: service.log(of: run, host)) {
            return .away("its command still runs")
        }
        guard let before = state.roundHost(host), let access = observer.hosts[host] else {
            return .away("it is not in the fleet file")
        }
        access.connection.identity?.expect(before.uuid)
        do {
            let facts = try await access.connection.inspector.inventory().facts
            if facts.uuid.lowercased() != before.uuid.lowercased() {
                return .away(
                    MachineDoubt(
                        host: host, expected: before.uuid, found: facts.uuid
                    ).message)
            }
            let lacking =
                before.networks.filter { !facts.networks.contains($0) }.map { "network '\($0)'" }
                + before.pools.filter { name in !facts.pools.contains { $0.name == name } }
                .map { "pool '\($0)'" }
            guard lacking.isEmpty else {
                return .away("it is up and lacks \(lacking.joined(separator: ", "))")
            }
            let faults = await faults(of: host).filter { !before.faults.contains($0.item) }
            guard faults.isEmpty else {
                let words = faults.map { "\($0.item): \($0.detail)" }
                return .away(
                    "it is up and not fit to receive guests: \(words.joined(separator: "; "))")
            }
            var boot = boot
            add(facts, to: &boot)
            return .back(boot)
        } catch {
            return .away("\(error)")
        }
    }

    // MARK: Fitness

    /// What `hosts check` finds wrong with it.
    func faults(of host: HostName) async -> [FitnessCheck.Finding] {
        let check = await FitnessCheck.of(host, by: observer, policy: plans.policyAtHand)
        return check.results.first { $0.host == host }?.failures ?? []
    }

    // MARK: In words

    /// A command that failed, on a host that stays as it was.
    private func failure(of host: HostName, _ attempt: RebootState.Attempt) -> String? {
        guard let ending = attempt.ending, ending.status != 0,
            now().millisecondsSince(max(ending.at, state.takenAt ?? ending.at))
                >= Self.doubtMilliseconds
        else { return nil }
        return "\(unchanged(host, attempt)). \(ways(host))"
    }

    private func unchanged(_ host: HostName, _ attempt: RebootState.Attempt) -> String {
        var words = "\(host) was not rebooted: it still has the boot id of before"
        guard request.command != nil else { return words }
        if let ending = attempt.ending {
            words += " (its command ended with exit code \(ending.status)"
            words += ending.words.isEmpty ? ")" : ": \(ending.words))"
        } else if service.commands.isRunning(log: service.log(of: run, host)) {
            words += " (its command still runs)"
        } else {
            words += " (its command was started at \(attempt.since), and how it ended is unknown)"
        }
        return words
    }

    private func overdue(
        _ host: HostName, _ attempt: RebootState.Attempt, _ doubt: String?
    ) -> String? {
        let since = [state.takenAt, lastSeen[host]].compactMap(\.self).reduce(attempt.since, max)
        let limit = request.timeoutSeconds * 1000
        guard now().millisecondsSince(since) >= limit else { return nil }
        let time = Format.duration(milliseconds: limit)
        return "\(host) did not come back within \(time): \(doubt ?? "no answer"). \(ways(host))"
    }

    private func ways(_ host: HostName) -> String {
        let again = "kvmbalance runs resume \(run)"
        let hint =
            request.command == nil
            ? ""
            : "; to have the command run once more: \(again) --run-again\(service.flags.config)"
        return "It stays empty and in maintenance. When it was rebooted, or to wait for it longer: "
            + "\(again)\(service.flags.config)\(hint)"
    }
}

/// What commands came to that run beside the loop.
final class CommandEndings: Sendable {
    private let found = Mutex<[HostName: HostCommandEnding]>([:])

    func start(
        _ host: HostName, _ command: @escaping @Sendable () async -> HostCommandEnding
    ) {
        Task {
            let ending = await command()
            found.withLock { $0[host] = ending }
        }
    }

    func take(_ host: HostName) -> HostCommandEnding? {
        found.withLock { $0.removeValue(forKey: host) }
    }
}
