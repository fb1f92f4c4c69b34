import ClusterModel
import Persistence
import PlacementPolicy
import Planning
import Telemetry

extension FleetCommand {
    /// One call of the timer: look, remember, and act only where the policy's rules say so.
    func tick(
        _ acting: ActingOptions, _ planning: PlanningOptions, _ migration: MigrationFlags
    ) async throws -> Exit {
        let composition = try Composition(options)
        let service = try PlanService(composition, planning, migration)
        let runner = try RunService(composition, isJSON: isJSON)
        let lock = try runner.lockFleet("balance --timer")
        defer { lock.release() }
        try await runner.refuseUnfinishedRun()
        try await composition.refuseOldSamples(service.policy)
        let journal = try composition.journal()
        let before = try await journal.remembered(RebalanceState.name, as: RebalanceState.self)
        var memory = before ?? RebalanceState()
        let looked = try await service.decide(&memory)
        let basis = LookWords.text(looked.overSeconds)
        switch looked.decision {
        case .wait(let reason):
            if !acting.dryRun { try await journal.remember(memory, as: RebalanceState.name) }
            if isJSON {
                try Console.outJSON(TimerWait(reason: reason, overSeconds: looked.overSeconds))
            } else {
                Console.out("balance: nothing to do: \(reason) (\(basis))")
            }
            return .done
        case .plan(let plan, let reason):
            Console.err("balance: \(reason) (\(basis))")
            if acting.dryRun { return try show(plan, save: nil) }
            guard try agreed(to: plan, acting) else { return .failed }
            // Before it runs: a run that is killed must not be followed by the same one.
            try await journal.remember(memory, as: RebalanceState.name)
            return try await runner.start(
                plan, goal: service.goal(of: plan), service: service, lock: lock)
        }
    }
}

/// Over which time hosts were looked at, in words.
enum LookWords {
    static func text(_ seconds: Int64?) -> String {
        seconds.map { "mean of the last \(Format.duration(milliseconds: $0 * 1000))" }
            ?? "newest figures"
    }
}

/// The answer of a timer's call that does nothing, with the fields of a plan.
private struct TimerWait: Encodable {
    var version = 1
    var kind = "balance"
    var outcome = "nothing-to-do"
    var steps: [String] = []
    var reason: String
    /// nil for the newest figures alone.
    var overSeconds: Int64?

    enum CodingKeys: String, CodingKey {
        case version, kind, outcome, steps, reason
        case overSeconds = "over_seconds"
    }
}

extension RebalanceState {
    static let name = "rebalance"
}

extension RebalanceObservation {
    /// How full each host was of late: the mean since the last look, where nothing was measured in that
    /// time the newest figures, and else the demand.
    init(
        of snapshot: ClusterSnapshot, _ use: RecentUse, _ live: LiveFigures, under policy: Policy
    ) {
        var cpu: [HostName: MilliCPU] = [:]
        var memory: [HostName: Bytes] = [:]
        let active = snapshot.domains.filter { $0.facts.state.isActive }
        for domain in active {
            let wanted = policy.cpuDemand(of: domain, slots: snapshot.demandSlots).max() ?? .zero
            cpu[domain.host, default: .zero] +=
                use.cpu(of: domain.id) ?? live.domains[domain.id]?.cpu.map { MilliCPU($0) }
                ?? wanted
            memory[domain.host, default: .zero] += policy.memoryDemand(of: domain.facts)
        }
        self.init(
            at: snapshot.observedAt, over: use.isEmpty ? nil : use.seconds,
            hosts: snapshot.hosts.map { host in
                HostNow(
                    host, isUnreachable: host.fault != nil, cpu: cpu[host.name] ?? .zero,
                    memory: memory[host.name] ?? .zero, under: policy)
            },
            places: active.map { ($0.id, $0.host) }, under: policy)
    }
}
