import ClusterModel
import Persistence
import PlacementPolicy
import Planning
import Telemetry

extension RebalanceState {
    static let name = "rebalance"
}

extension RebalanceObservation {
    /// How full each host was of late: the mean since the last look, where nothing was measured in
    /// that time the newest figures, and else the demand.
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
            hosts: policy.measured(snapshot).hosts.map { host in
                HostNow(
                    host, isUnreachable: host.fault != nil, cpu: cpu[host.name] ?? .zero,
                    memory: memory[host.name] ?? .zero, under: policy)
            },
            places: active.map { ($0.id, $0.host) }, under: policy)
    }
}
