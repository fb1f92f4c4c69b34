import ClusterModel
package import HypervisorInterface
package import Telemetry

/// One host as the collector sees it: asked within a time limit, and not asked again before it has
/// answered.
struct HostSampler<C: Clock>: Sendable where C.Duration == Duration {
    let inspector: any HostInspector
    let settings: CollectorSettings
    let clock: C
    let now: @Sendable () -> Timestamp
    private let samples = CallGate()
    private let inventories = CallGate()
    /// Its domains changed since it was looked at; many changes are one.
    let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    init(
        _ inspector: any HostInspector, settings: CollectorSettings, clock: C,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.inspector = inspector
        self.settings = settings
        self.clock = clock
        self.now = now
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// A sample, or a failure with its reason; nil when the collector is being stopped, which is
    /// no fault of the host.
    func sample() async -> SampleOutcome? {
        let inspector = inspector
        let result = await samples.call(limit: settings.hostTimeLimit, clock: clock) {
            try await inspector.sample()
        }
        switch result {
        case .value(let sample): return .sample(sample)
        case .failed(let error): return failure("\(error)")
        case .timedOut: return failure("no answer within \(settings.hostTimeLimit)")
        case .stillBusy: return failure("still busy with an earlier call")
        case .cancelled: return nil
        }
    }

    /// Facts of the host, or why there are none; nil when the collector is being stopped. Listening
    /// begins before it is looked at, so that nothing happens unheard in between.
    func observation(listening: Bool = false) async -> Result<HostObservation, SamplingFailure>? {
        let (inspector, changed) = (inspector, changed)
        let result = await inventories.call(limit: settings.inventoryTimeLimit, clock: clock) {
            if listening, let source = inspector as? any LifecycleSource {
                try await source.listen { changed.yield() }
            }
            return try await inspector.inventory()
        }
        switch result {
        case .value(let inventory):
            let observation = HostObservation(inventory)
            return observation.fault.map { .failure(SamplingFailure(reason: $0)) }
                ?? .success(observation)
        case .failed(let error): return .failure(SamplingFailure(reason: "\(error)"))
        case .timedOut:
            return .failure(
                SamplingFailure(reason: "no answer within \(settings.inventoryTimeLimit)"))
        case .stillBusy:
            return .failure(SamplingFailure(reason: "still busy with an earlier call"))
        case .cancelled: return nil
        }
    }

    private func failure(_ reason: String) -> SampleOutcome {
        .failure(host: inspector.host, at: now(), reason: reason)
    }
}

/// Why a host gave no facts.
struct SamplingFailure: Error {
    var reason: String
}

extension HostObservation {
    /// What of an inventory is kept: everything but its warnings.
    package init(_ inventory: HostInventory) {
        self.init(
            host: inventory.host, at: inventory.at, facts: inventory.facts,
            domains: inventory.domains, migratingOut: inventory.migratingOut,
            migratingIn: inventory.migratingIn)
    }
}
