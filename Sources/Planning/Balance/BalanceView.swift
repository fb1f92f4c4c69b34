import ClusterModel
import PlacementPolicy

/// What balancing looks at in a problem: which hosts take part, which resources are evened out, and
/// how full each host may be for a given level of ambition.
struct BalanceView {
    /// Load that is evened out: a resource, or all CPU slots together, of which the worst counts.
    struct Measure {
        var kind: BalanceRules.Measure
        var resources: Range<Int>
        /// Hundredths of a percent above which a host is overloaded.
        var limit: Int64
        /// Share that every host would have if load could be poured.
        var mean: Int64
        /// Share of the fullest host at the start.
        var peak: Int64
        /// Is it out of balance at the start? If not, it is only kept from becoming worse.
        var isDriven: Bool
    }

    let problem: PlacementProblem
    /// Hosts that are reachable and not in maintenance.
    let hosts: [Int]
    private(set) var measures: [Measure] = []

    init(_ problem: PlacementProblem) {
        self.problem = problem
        hosts = problem.hosts.indices.filter {
            problem.hosts[$0].isReachable && !problem.hosts[$0].inMaintenance
        }
        let rules = problem.policy.balance
        let load = problem.initialLoad
        for kind in rules.measures {
            let resources = Self.resources(kind, problem)
            let shares = hosts.map { share(of: $0, resources, load) }
            let peak = shares.max() ?? 0
            let limit = rules.limit(kind)
            measures.append(
                Measure(
                    kind: kind, resources: resources, limit: limit, mean: mean(resources),
                    peak: peak,
                    isDriven: peak > limit || peak - (shares.min() ?? 0) > rules.spread))
        }
    }

    private static func resources(
        _ kind: BalanceRules.Measure, _ problem: PlacementProblem
    ) -> Range<Int> {
        switch kind {
        case .memory: ResourceLayout.memory..<(ResourceLayout.memory + 1)
        case .cpu: problem.layout.cpu
        }
    }

    /// Fullness of a host, in hundredths of a percent: its worst slot.
    func share(of host: Int, _ resources: Range<Int>, _ load: [Int64]) -> Int64 {
        let base = host * problem.width
        var worst: Int64 = 0
        for resource in resources {
            worst = max(
                worst,
                WorkingPlacement.share(load[base + resource], of: problem.capacity[base + resource])
            )
        }
        return worst
    }

    private func mean(_ resources: Range<Int>) -> Int64 {
        resources.map { resource in
            var (load, capacity) = (Int64(0), Int64(0))
            for host in hosts {
                load += problem.initialLoad[host * problem.width + resource]
                capacity += problem.capacity[host * problem.width + resource]
            }
            return WorkingPlacement.share(load, of: capacity)
        }.max() ?? 0
    }

    /// Highest level: where every driven measure's ceiling is its present peak.
    static let present: Int64 = 10_000

    /// What each host may hold at a level: 10,000 leaves every peak where it is, 0 asks for the
    /// mean everywhere. Measures that are not driven keep their peak, those that are not evened out
    /// their limit, and a host never more than it must hold because nothing of it can leave.
    func ceilings(at level: Int64, floor: [Int64]) -> [Int64] {
        var ceilings = problem.limit
        for measure in measures {
            let ceiling = self.ceiling(of: measure, at: level)
            for host in hosts {
                for resource in measure.resources {
                    let index = host * problem.width + resource
                    let amount = WorkingPlacement.most(ceiling, of: problem.capacity[index])
                    let kept = measure.isDriven ? floor[index] : problem.initialLoad[index]
                    ceilings[index] = min(ceilings[index], max(amount, kept))
                }
            }
        }
        return ceilings
    }

    func ceiling(of measure: Measure, at level: Int64) -> Int64 {
        measure.isDriven
            ? measure.mean + (measure.peak - measure.mean) * level / Self.present : measure.peak
    }

    /// Does some peak, spread or overload fall, and no peak rise?
    func improves(_ load: [Int64]) -> Bool {
        var isBetter = false
        var (overload, overloadBefore) = (Int64(0), Int64(0))
        for measure in measures {
            let shares = hosts.map { share(of: $0, measure.resources, load) }
            let before = hosts.map { share(of: $0, measure.resources, problem.initialLoad) }
            let (peak, least) = (shares.max() ?? 0, shares.min() ?? 0)
            if peak > measure.peak { return false }
            isBetter =
                isBetter || peak < measure.peak || peak - least < measure.peak - (before.min() ?? 0)
            overload += shares.reduce(0) { $0 + max(0, $1 - measure.limit) }
            overloadBefore += before.reduce(0) { $0 + max(0, $1 - measure.limit) }
        }
        return overload <= overloadBefore && (isBetter || overload < overloadBefore)
    }

    /// The level at which nothing is overloaded any more.
    var reliefLevel: Int64 {
        var level = Self.present
        for measure in measures where measure.peak > measure.limit && measure.peak > measure.mean {
            level = min(
                level,
                max(0, measure.limit - measure.mean) * Self.present
                    / (measure.peak - measure.mean))
        }
        return level
    }
}
