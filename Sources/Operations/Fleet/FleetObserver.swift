package import Actuation
package import ClusterModel
import Execution
import HypervisorInterface
import Persistence
package import PlacementPolicy
import Replay
import Sampling
import Synchronization
import Telemetry

/// What came of looking at one host.
struct HostReading: Sendable {
    var host: HostName
    var result: Result<HostInventory, HypervisorError>
}

/// Looks at the hosts of a fleet, and makes of what it sees the snapshot that is planned for.
package struct FleetObserver: Sendable {
    package let hosts: FleetHosts
    package let stores: Stores
    package let clock: WorldClock
    package let progress: any ProgressObserver

    package var now: @Sendable () -> Timestamp { clock.now }

    package init(
        hosts: FleetHosts, stores: Stores, clock: WorldClock, progress: any ProgressObserver
    ) {
        self.hosts = hosts
        self.stores = stores
        self.clock = clock
        self.progress = progress
    }

    /// The same, for another one to tell of.
    func told(by progress: any ProgressObserver) -> FleetObserver {
        FleetObserver(hosts: hosts, stores: stores, clock: clock, progress: progress)
    }

    /// How old a measured dirty rate, and the size of a process, may be for an estimate.
    package static let dirtyingGoodForMilliseconds: Int64 = 3_600_000
    private static let sizeGoodForMilliseconds: Int64 = 300_000
    /// A person is shown whom everybody waits for after this long.
    private static let patienceMilliseconds: Int64 = 2000

    /// Looks at all hosts at once; a dead one costs its own time limit and delays no other's
    /// answer. One that tells nonsense is as good as dead.
    func look() async -> [HostReading] {
        let silent = SilentHosts(hosts.names)
        let notice = Task { [clock, progress] in
            try await clock.sleep(Self.patienceMilliseconds)
            if !silent.names.isEmpty { await progress.observe(.waiting(for: silent.names)) }
        }
        defer { notice.cancel() }
        return await withTaskGroup(of: HostReading.self) { group in
            for inspector in hosts.inspectors {
                group.addTask {
                    do {
                        let inventory = try await inspector.inventory()
                        if let fault = HostObservation(inventory).fault {
                            throw HypervisorError(
                                kind: .failed, operation: "look", host: inspector.host,
                                message: fault)
                        }
                        return HostReading(host: inspector.host, result: .success(inventory))
                    } catch {
                        return HostReading(
                            host: inspector.host, result: .failure(error.of(inspector.host)))
                    }
                }
            }
            var looks: [HostName: HostReading] = [:]
            for await look in group {
                looks[look.host] = look
                silent.remove(look.host)
            }
            return hosts.names.compactMap { looks[$0] }
        }
    }

    /// The cluster snapshot of this moment: inventory from the hosts, demand from the database and,
    /// for domains that were never sampled, from two samples a second apart.
    package func snapshot(
        _ policy: Policy, admitting admitted: [HostName] = []
    ) async throws -> ClusterSnapshot {
        let metrics = try stores.metrics()
        let known = try await metrics.observations()
        let looks = await CPUQuestions.asked(
            await look(), of: hosts.inspectors, known: known)
        var reports: [HostReport] = []
        let proofs = await StorageProofs.stored(in: try stores.journal())
        for look in looks { reports.append(try await report(look, known, metrics, proofs)) }
        for words in HostTwins.warnings(in: reports) { await progress.observe(.warning(words)) }
        let maintenance = Set(try await stores.journal().maintenance().map(\.host))
            .subtracting(admitted)
        let builder = SnapshotBuilder(
            observedAt: now(), maintenance: maintenance,
            measured: try await measure(policy, reports, metrics))
        let built = builder.build(from: reports)
        for warning in built.warnings { await progress.observe(.warning(warning)) }
        var snapshot = policy.trusted(built.snapshot)
        // Whatever follows from this plan is done on the machines that were seen for it.
        hosts.expect(snapshot.hostUUIDs)
        // For one host it was reported above: this is what all of them cannot have together.
        if let fault = snapshot.faults.first {
            throw CommandError("the fleet cannot be planned: \(fault)", exit: .failed)
        }
        snapshot.calibration = try await TransferLearning(journal: stores.journal())
            .calibration()
        return snapshot
    }

    /// A host that cannot be read is shown as it was when it last could, with its fault.
    private func report(
        _ look: HostReading, _ known: [HostObservation], _ metrics: MetricsStore,
        _ proofs: StorageProofs
    ) async throws -> HostReport {
        var settings = settings(of: look.host)
        let last = known.first { $0.host == look.host }
        let uuid = (try? look.result.get())?.facts.uuid ?? last?.facts.uuid
        settings.provenStorage = proofs.storage(of: look.host, uuid)
        switch look.result {
        case .success(let inventory):
            let observation = HostObservation(inventory)
            if let last, let words = HostTwins.change(from: last, to: observation) {
                await progress.observe(.warning(words))
            }
            try await metrics.store(observation)
            return HostReport(settings: settings, observation: observation)
        case .failure(let error):
            return HostReport(settings: settings, observation: last, fault: error.message)
        }
    }

    private func settings(of name: HostName) -> ClusterModel.Host {
        guard let host = hosts.fleet.hosts.first(where: { $0.name == name }) else {
            preconditionFailure("host \(name) was read and is not in the fleet")
        }
        var settings = ClusterModel.Host(
            name: name, zone: host.zone, migrationAddress: host.migrationAddress,
            linkMbps: host.linkMbps, reserve: host.reserve)
        settings.isLinkAssumed = host.isLinkAssumed ? true : nil
        return settings
    }

    private func measure(
        _ policy: Policy, _ reports: [HostReport], _ metrics: MetricsStore
    ) async throws -> MeasuredLoad {
        let window = SampleWindow(policy.demand, endingAt: now())
        var measured = try await metrics.load(in: window)
        measured.dirtyRates = try await metrics.dirtyRates(
            after: now().advanced(byMilliseconds: -Self.dirtyingGoodForMilliseconds)
        ).mapValues(\.dirtyRates)
        measured.resident = try await metrics.residentMemory(
            after: now().advanced(byMilliseconds: -Self.sizeGoodForMilliseconds))
        let unsampled = reports.filter { $0.fault == nil }.flatMap { $0.observation?.domains ?? [] }
            .filter { $0.state.isActive && measured.domains[$0.id]?.cpu == nil }
        guard !unsampled.isEmpty else { return measured }
        let pair = await samplePair(
            of: Set(reports.filter { $0.fault == nil }.map(\.settings.name)))
        for domain in pair.flatMap(\.domains) { measured.resident[domain.id] = domain.rss }
        let quick = MeasuredLoad(
            of: pair, window: window.ending(at: now()), rules: RateRules())
        for domain in unsampled { measured.domains[domain.id] = quick.domains[domain.id] }
        for (host, use) in quick.hosts where measured.hosts[host]?.busyPermille == nil {
            measured.hosts[host] = use
        }
        return measured
    }

    /// Two samples of each of these hosts, a second apart.
    private func samplePair(of answering: Set<HostName>) async -> [RawHostSample] {
        let first = await samples(of: answering)
        try? await clock.sleep(1000)
        return first + (await samples(of: answering))
    }

    private func samples(of answering: Set<HostName>) async -> [RawHostSample] {
        await withTaskGroup(of: RawHostSample?.self) { group in
            for inspector in hosts.inspectors where answering.contains(inspector.host) {
                group.addTask { try? await inspector.sample() }
            }
            return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
        }
    }
}

/// Hosts that have not answered yet.
private final class SilentHosts: Sendable {
    private let rest: Mutex<Set<HostName>>

    init(_ hosts: [HostName]) { rest = Mutex(Set(hosts)) }

    var names: [HostName] { rest.withLock { $0.sorted() } }
    func remove(_ host: HostName) { rest.withLock { _ = $0.remove(host) } }
}

extension Error {
    /// The border's own error, whatever was thrown.
    fileprivate func of(_ host: HostName) -> HypervisorError {
        self as? HypervisorError
            ?? HypervisorError(kind: .failed, operation: "look", host: host, message: "\(self)")
    }
}
