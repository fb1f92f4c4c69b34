import ClusterModel
import PlacementPolicy
import Planning
import Replay

extension ReplayMoment {
    /// What the timer would see now.
    func look(under policy: Policy) -> RebalanceLook {
        let loads = hostLoads(latest)
        let promised = hostLoads { policy.memoryDemand(of: domains[$0].facts).count }
        return RebalanceLook(
            at: now,
            hosts: hosts.indices.map { host in
                RebalanceLook.HostNow(
                    name: hosts[host].name, isOut: isOut[host],
                    cpu: loads[host] * 10_000
                        / max(1, policy.usableCPU(of: hosts[host]).count),
                    memory: promised[host]
                        / max(1, policy.usableMemory(of: hosts[host]).count / 10_000)
                )
            },
            places: placement.enumerated().compactMap { domain, host in
                host.map { (domains[domain].id, hosts[$0].name) }
            }, under: policy)
    }
}
