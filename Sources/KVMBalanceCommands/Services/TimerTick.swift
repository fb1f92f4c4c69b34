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
        let before = try await journal.remembered(RebalanceMemory.name, as: RebalanceMemory.self)
        var memory = before ?? RebalanceMemory()
        switch try await service.decide(&memory) {
        case .wait(let reason):
            if !acting.dryRun { try await journal.remember(memory, as: RebalanceMemory.name) }
            if isJSON {
                try Console.outJSON(TimerWait(reason: reason))
            } else {
                Console.out("balance: nothing to do: \(reason)")
            }
            return .done
        case .plan(let plan, let reason):
            Console.err("balance: \(reason)")
            if acting.dryRun { return try show(plan, save: nil) }
            guard try agreed(to: plan, acting) else { return .failed }
            // Before it runs: a run that is killed must not be followed by the same one.
            try await journal.remember(memory, as: RebalanceMemory.name)
            return try await runner.start(
                plan, goal: service.goal(of: plan), service: service, lock: lock)
        }
    }
}

/// The answer of a timer's call that does nothing, with the fields of a plan.
private struct TimerWait: Encodable {
    var version = 1
    var kind = "balance"
    var outcome = "nothing-to-do"
    var steps: [String] = []
    var reason: String
}

extension RebalanceMemory {
    fileprivate static let name = "rebalance"
}

extension RebalanceLook {
    /// How full each host is now. What was not sampled lately counts with its demand.
    init(of snapshot: ClusterSnapshot, _ live: LiveFigures, under policy: Policy) {
        var cpu: [HostName: MilliCPU] = [:]
        var memory: [HostName: Bytes] = [:]
        let active = snapshot.domains.filter { $0.facts.state.isActive }
        for domain in active {
            let wanted = policy.cpuDemand(of: domain, slots: snapshot.demandSlots).max() ?? .zero
            cpu[domain.host, default: .zero] +=
                live.domains[domain.id]?.cpu.map { MilliCPU($0) } ?? wanted
            memory[domain.host, default: .zero] += policy.memoryDemand(of: domain.facts)
        }
        self.init(
            at: snapshot.observedAt,
            hosts: snapshot.hosts.map { host in
                HostNow(
                    host, isOut: host.fault != nil, cpu: cpu[host.name] ?? .zero,
                    memory: memory[host.name] ?? .zero, under: policy)
            },
            places: active.map { ($0.id, $0.host) }, under: policy)
    }
}
