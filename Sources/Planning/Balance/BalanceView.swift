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
        /// By position in the view's hosts: must it stay above the limit, whatever moves? Peak,
        /// mean and spread are those of the others: what nothing can change says nothing about
        /// what can be done for them.
        var isFixed: [Bool]
    }

    let problem: PlacementProblem
    /// Hosts that are reachable and not in maintenance.
    let hosts: [Int]
    private(set) var measures: [Measure] = []
    /// By measure and position in `hosts`: shares at the start.
    private let before: [[Int64]]
    private let overloadBefore: Int64

    init(_ start: UnitPlacement, floors: BalanceFloors) {
        let problem = start.problem
        self.problem = problem
        let hosts = problem.hosts.indices.filter {
            problem.hosts[$0].isReachable && !problem.hosts[$0].inMaintenance
        }
        self.hosts = hosts
        let rules = problem.policy.balance
        let kinds = rules.measures.map {
            (kind: $0, resources: Self.resources($0, problem), limit: rules.limit($0))
        }
        var relief = problem.limit
        for measure in kinds {
            Self.lower(&relief, to: measure.limit, hosts, measure.resources, problem)
        }
        let raised = floors.raised(relief, hosts: hosts)
        before = kinds.map { measure in
            hosts.map { Self.share(of: $0, measure.resources, problem.initialLoad, problem) }
        }
        overloadBefore = zip(kinds, before).reduce(0) { sum, pair in
            sum + pair.1.reduce(0) { $0 + max(0, $1 - pair.0.limit) }
        }
        for (measure, shares) in zip(kinds, before) {
            var isFixed = hosts.map { host in
                measure.resources.contains { resource in
                    let index = host * problem.width + resource
                    return raised[index] > relief[index]
                }
            }
            // Where nothing else is left, there is nobody for whose sake to look away.
            if !isFixed.contains(false) { isFixed = isFixed.map { _ in false } }
            let others = zip(shares, isFixed).filter { !$1 }.map(\.0)
            let peak = others.max() ?? 0
            let taking = zip(hosts, isFixed).filter { !$1 }.map(\.0)
            measures.append(
                Measure(
                    kind: measure.kind, resources: measure.resources, limit: measure.limit,
                    mean: Self.mean(measure.resources, taking, problem), peak: peak,
                    isDriven: peak > measure.limit || peak - (others.min() ?? 0) > rules.spread,
                    isFixed: isFixed))
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
        Self.share(of: host, resources, load, problem)
    }

    private static func share(
        of host: Int, _ resources: Range<Int>, _ load: [Int64], _ problem: PlacementProblem
    ) -> Int64 {
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

    /// By measure and position in `hosts`.
    func shares(_ load: [Int64]) -> [[Int64]] {
        measures.map { measure in hosts.map { share(of: $0, measure.resources, load) } }
    }

    private static func mean(
        _ resources: Range<Int>, _ hosts: [Int], _ problem: PlacementProblem
    ) -> Int64 {
        resources.map { resource in
            var (load, capacity) = (Int64(0), Int64(0))
            for host in hosts {
                load += problem.initialLoad[host * problem.width + resource]
                capacity += problem.capacity[host * problem.width + resource]
            }
            return WorkingPlacement.share(load, of: capacity)
        }.max() ?? 0
    }

    // MARK: Ceilings

    /// Highest level: where every driven measure's ceiling is its present peak.
    static let present: Int64 = 10_000

    /// What each host may hold at a level: 10,000 leaves every peak where it is, 0 asks for the
    /// mean everywhere. Measures that are not driven keep their peak, those that are not evened out
    /// their limit.
    func ceilings(at level: Int64) -> [Int64] {
        var ceilings = problem.limit
        for measure in measures {
            Self.lower(
                &ceilings, to: ceiling(of: measure, at: level), hosts, measure.resources, problem)
        }
        return ceilings
    }

    /// What ends every overload: up to the limits there is room in all measures, also where a host
    /// becomes fuller by it than any was.
    var reliefCeilings: [Int64] {
        var ceilings = problem.limit
        for measure in measures {
            Self.lower(&ceilings, to: measure.limit, hosts, measure.resources, problem)
        }
        return ceilings
    }

    private static func lower(
        _ ceilings: inout [Int64], to share: Int64, _ hosts: [Int], _ resources: Range<Int>,
        _ problem: PlacementProblem
    ) {
        for host in hosts {
            for resource in resources {
                let index = host * problem.width + resource
                ceilings[index] = min(
                    ceilings[index], WorkingPlacement.most(share, of: problem.capacity[index]))
            }
        }
    }

    private func ceiling(of measure: Measure, at level: Int64) -> Int64 {
        measure.isDriven
            ? measure.mean + max(0, measure.peak - measure.mean) * level / Self.present
            : measure.peak
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

    // MARK: Better and worse

    /// Is some host above a limit at the start?
    var isOverloaded: Bool { overloadBefore > 0 }

    /// No overload grows; and no peak, or, where overload falls, none above its limit.
    func isHarmless(_ shares: [[Int64]]) -> Bool {
        let overload = overload(shares)
        guard overload <= overloadBefore else { return false }
        return measures.indices.allSatisfy { index in
            let peak = before[index].max() ?? 0
            let most = overload < overloadBefore ? max(peak, measures[index].limit) : peak
            return shares[index].allSatisfy { $0 <= most }
        }
    }

    /// Is it harmless, and does overload fall, or a peak or a spread: of all hosts, or of those
    /// that are fuller or emptier by it?
    func improves(_ load: [Int64]) -> Bool {
        let shares = shares(load)
        guard isHarmless(shares) else { return false }
        if overload(shares) < overloadBefore { return true }
        return measures.indices.contains { index in
            let changes = zip(before[index], shares[index]).filter { $0 != $1 }
            return Self.isEvened(before[index], shares[index])
                || Self.isEvened(changes.map(\.0), changes.map(\.1))
        }
    }

    private static func isEvened(_ before: [Int64], _ after: [Int64]) -> Bool {
        guard let peak = before.max(), let least = before.min(), let newPeak = after.max(),
            let newLeast = after.min()
        else { return false }
        return newPeak < peak || newPeak - newLeast < peak - least
    }

    private func overload(_ shares: [[Int64]]) -> Int64 {
        zip(measures, shares).reduce(0) { sum, pair in
            sum + pair.1.reduce(0) { $0 + max(0, $1 - pair.0.limit) }
        }
    }
}
