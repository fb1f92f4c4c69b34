import ClusterModel
import PlacementPolicy
import Planning
import Replay

extension ReplayMoment {
    /// What the timer would see now.
    func look(under policy: Policy) -> RebalanceObservation {
        let loads = hostLoads(latest)
        let promised = hostLoads { policy.memoryDemand(of: domains[$0].facts).count }
        return RebalanceObservation(
            at: now,
            hosts: hosts.indices.map { host in
                RebalanceObservation.HostNow(
                    hosts[host], isUnreachable: isUnreachable[host], cpu: MilliCPU(loads[host]),
                    memory: Bytes(promised[host]), under: policy)
            },
            places: placement.enumerated().compactMap { domain, host in
                host.map { (domains[domain].id, hosts[$0].name) }
            }, under: policy)
    }
}
