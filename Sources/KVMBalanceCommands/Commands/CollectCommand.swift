import ArgumentParser
import ClusterModel
import Logging
import Operations
import Persistence
import PlacementPolicy
import Rendering
import Sampling
import ServiceLifecycle
import Telemetry
import UnixSignals

/// `kvmbalance collect`: samples every host into the database, once or forever.
struct CollectCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect", abstract: "Sample every host into the database.")

    @Flag(help: "One sample of each host, for scripts; fails if a host did not answer.")
    var once = false
    @Option(help: "Seconds between two samples.") var period = 10
    @Option(help: "Days to keep raw samples (default: 'retention.raw' of the fleet file).")
    var keepDays: Int?
    @Flag(help: "Do not measure dirty rates of guests in the background.")
    var noDirtyRates = false
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (1...3600).contains(period) else {
            throw ValidationError("--period is \(period) but must be 1 to 3600 seconds.")
        }
        if let keepDays, !(1...3650).contains(keepDays) {
            throw ValidationError("--keep-days is \(keepDays) but must be 1 to 3650.")
        }
    }

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        try composition.admitConnections()
        let store = try composition.stores.metrics()
        let logger = Logger(label: "collect") { _ in
            StreamLogHandler(label: "collect", stream: ConsoleLog())
        }
        let collector = Collector(
            inspectors: composition.hosts.inspectors, sink: store, observations: store,
            settings: CollectorSettings(
                period: .seconds(period), ticksPerInventory: max(1, 60 / period)),
            clock: ContinuousClock(), now: composition.now, logger: logger)
        if once { return try report(try await collector.collectOnce()) }
        let lock = try composition.stores.lockCollector()
        defer { lock.release() }
        var kept = composition.fleet.retention
        if let keepDays { kept.raw = Int64(keepDays) * 86_400 }
        let retention = RetentionService(
            store: store, kept: kept, clock: composition.clock, logger: logger)
        let sampling = DirtyRateSampling(
            probes: noDirtyRates ? [] : composition.hosts.memoryProbes,
            store: DirtyRateTable(metrics: store, now: composition.now), clock: ContinuousClock(),
            now: composition.now, logger: logger)
        let group = ServiceGroup(
            services: [collector, retention, sampling],
            gracefulShutdownSignals: [.sigterm, .sigint]
                + (SignalWatch.isHangUpIgnored ? [] : [.sighup]),
            logger: logger)
        try await group.run()
        return .done
    }

    private func report(_ outcomes: [SampleOutcome]) throws -> Exit {
        var failures: [String: String] = [:]
        var sampled: [String: Int] = [:]
        for outcome in outcomes {
            switch outcome {
            case .sample(let sample): sampled[sample.host.rawValue] = sample.domains.count
            case .failure(let host, _, let reason): failures[host.rawValue] = reason
            }
        }
        if isJSON {
            try Console.outJSON(CollectReport(domains: sampled, failures: failures))
        } else {
            for (host, count) in sampled.inNaturalOrder(of: \.key) {
                Console.line("\(host): \(Format.plural(count, "domain")) sampled")
            }
        }
        for (host, reason) in failures.inNaturalOrder(of: \.key) {
            Console.errLine("\(host): not sampled: \(reason)")
        }
        return failures.isEmpty ? .done : .failed
    }
}

/// What `collect --once` tells programs.
private struct CollectReport: Encodable {
    /// Host → number of domains sampled.
    var domains: [String: Int]
    /// Host → why it was not sampled.
    var failures: [String: String]
}
