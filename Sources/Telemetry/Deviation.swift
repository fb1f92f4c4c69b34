package import ClusterModel

/// Lets domains count by more than their means, so that hosts are compared by how far their load
/// may stray and not only by how high it is.
///
/// Domains stray each for itself: on a host their variances add up, not their deviations. A host of
/// mean M and variance V is to count as M + d·√V, which is no sum over its domains; what plans add
/// up is demand. So each domain counts its mean and d/2 times its variance, divided by the
/// deviation of an average host: to first order, what the move of it changes (effective bandwidth:
/// Kelly, "Notes on effective bandwidths", 1996). Alone on a host it would be d times its
/// deviation, so never more.
package enum Deviation {
    /// Slot by slot; `hosts` are those that carry the load, `thousandths` is d. O(domains × slots).
    package static func weigh(_ domains: inout [Domain], hosts: Int, thousandths: Int64) {
        guard thousandths > 0 else { return }
        for slot in 0..<(domains.compactMap(\.demand.variance?.count).max() ?? 0) {
            let total = domains.reduce(0) { $0 + (variance(of: $1, slot) ?? 0) }
            let average = root(total / Int64(max(1, hosts)))
            guard average > 0 else { continue }
            for index in domains.indices {
                guard let variance = variance(of: domains[index], slot) else { continue }
                let part = thousandths * variance / average / 2000
                let most = thousandths * root(variance) / 1000
                domains[index].demand.cpu?[slot] += MilliCPU(min(part, most))
            }
        }
        for index in domains.indices { domains[index].demand.variance = nil }
    }

    private static func variance(of domain: Domain, _ slot: Int) -> Int64? {
        guard let variances = domain.demand.variance, slot < variances.count else { return nil }
        return variances[slot]
    }

    private static func root(_ square: Int64) -> Int64 {
        Int64(Double(square).squareRoot().rounded(.down))
    }
}
