import ClusterModel
import HypervisorInterface
import Synchronization
import Telemetry

/// A host that answers, fails, or hangs until it is let go.
final class FakeInspector: HostInspector, LifecycleSource {
    enum Behaviour { case answers, fails, hangs }

    let host: HostName
    private let state: Mutex<State>

    private struct State {
        var behaviour: Behaviour
        var calls = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var changed: (@Sendable () -> Void)?
    }

    init(_ host: HostName, _ behaviour: Behaviour = .answers) {
        self.host = host
        state = Mutex(State(behaviour: behaviour))
    }

    var calls: Int { state.withLock { $0.calls } }

    /// What it does from now on; calls that hang come back when it is not to hang any more.
    func set(_ behaviour: Behaviour) {
        let waiting = state.withLock { state in
            state.behaviour = behaviour
            guard behaviour != .hangs else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func listen(_ changed: @escaping @Sendable () -> Void) async throws {
        state.withLock { $0.changed = changed }
    }

    /// A domain starts, stops, comes or goes.
    func change() { state.withLock { $0.changed }?() }

    /// Deaf to cancellation, as a C library is.
    private func behave() async throws {
        let behaviour = state.withLock {
            $0.calls += 1
            return $0.behaviour
        }
        switch behaviour {
        case .answers: return
        case .fails:
            throw HypervisorError(
                kind: .unreachable, operation: "sample", host: host, message: "no route to host")
        case .hangs:
            await withCheckedContinuation { continuation in
                let isOver = state.withLock {
                    if $0.behaviour == .hangs { $0.waiting.append(continuation) }
                    return $0.behaviour != .hangs
                }
                if isOver { continuation.resume() }
            }
        }
    }

    func sample() async throws -> RawHostSample {
        try await behave()
        return RawHostSample(host: host, at: Timestamp(seconds: 1))
    }

    func inventory() async throws -> HostInventory {
        try await behave()
        return HostInventory(
            host: host, at: Timestamp(seconds: 1),
            facts: HostFacts(
                uuid: "u", hostname: "h", cpu: HostCPU(architecture: "x86_64", logicalCPUs: 1),
                memory: 1), domains: [], warnings: ["w"])
    }

    func sighting(of domain: DomainID) async throws -> DomainSighting { DomainSighting(.absent) }
    func migrationProgress(of domain: DomainID) async throws -> MigrationProgress? { nil }
}

/// Keeps what it is given, or refuses it.
final class FakeSink: SampleSink, ObservationSink {
    struct DiskFull: Error {}

    private struct State {
        var batches: [[SampleOutcome]] = []
        var observations: [HostObservation] = []
        var isFull = false
    }

    private let state = Mutex(State())

    var batches: [[SampleOutcome]] { state.withLock { $0.batches } }
    var observations: [HostObservation] { state.withLock { $0.observations } }
    func setFull(_ isFull: Bool) { state.withLock { $0.isFull = isFull } }

    func store(_ batch: [SampleOutcome]) async throws {
        try state.withLock {
            if $0.isFull { throw DiskFull() }
            $0.batches.append(batch)
        }
    }

    func store(_ observation: HostObservation) async throws {
        state.withLock { $0.observations.append(observation) }
    }

    func waitForBatches(_ count: Int) async {
        while batches.count < count { await Task.yield() }
    }
}
