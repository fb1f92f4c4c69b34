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
///
/// Where domains stray together, with a correlation r between any two, a host's variance is
/// (1 − r)·V + r·S² with S the sum of its domains' deviations, and of that each has its part.
package enum Deviation {
    /// Slot by slot; `hosts` are those that carry the load, `thousandths` is d, `correlation` is r
    /// from 0 to 1. O(domains × slots).
    package static func weigh(
        _ domains: inout [Domain], hosts: Int, thousandths: Int64, correlation: Double = 0
    ) {
        guard thousandths > 0 else { return }
        for slot in 0..<(domains.compactMap(\.demand.variance?.count).max() ?? 0) {
            let variances = domains.map { variance(of: $0, slot) }
            let host = AverageHost(variances, hosts: hosts, correlation: correlation)
            guard host.deviation > 0 else { continue }
            for (index, variance) in variances.enumerated() {
                guard let variance else { continue }
                let part = Double(thousandths) / 2000 * host.share(of: variance)
                let most = thousandths * root(variance) / 1000
                domains[index].demand.cpu?[slot] += MilliCPU(min(Int64(part), most))
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

    /// What strays on a host that has its share of all domains. Sums are of whole numbers, so that
    /// their order makes no difference.
    private struct AverageHost {
        private let correlation: Double
        /// Sum of its domains' deviations.
        private let deviations: Double
        let deviation: Double

        init(_ variances: [Int64?], hosts: Int, correlation: Double) {
            self.correlation = correlation
            let count = Int64(max(1, hosts))
            let alone = variances.reduce(0) { $0 + ($1 ?? 0) } / count
            deviations = Double(variances.reduce(0) { $0 + root($1 ?? 0) } / count)
            let variance =
                (1 - correlation) * Double(alone) + correlation * deviations * deviations
            deviation = variance.squareRoot().rounded(.down)
        }

        /// A domain's part of the host's deviation.
        func share(of variance: Int64) -> Double {
            let together = Double(variance).squareRoot() * deviations
            return ((1 - correlation) * Double(variance) + correlation * together) / deviation
        }
    }
}
