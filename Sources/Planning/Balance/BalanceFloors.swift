import PlacementPolicy

/// What hosts go on holding, whatever moves: a host that nothing can relieve must not keep the
/// others from being relieved.
struct BalanceFloors {
    private let start: UnitPlacement
    private let targets: [Int]
    /// Load of what cannot leave: host × resource.
    private let fixed: [Int64]
    /// Units that may leave each host.
    private let leaving: [[Int]]

    init(_ start: UnitPlacement, targets: [Int]) {
        self.start = start
        self.targets = targets
        let problem = start.problem
        var fixed = problem.initialLoad
        var leaving: [[Int]] = Array(repeating: [], count: problem.hosts.count)
        for unit in start.units.members.indices where start.isMovable[unit] {
            let home = start.origin(of: unit)
            leaving[home].append(unit)
            for resource in 0..<problem.width {
                fixed[home * problem.width + resource] -= Self.load(of: unit, resource, start)
            }
        }
        self.fixed = fixed
        self.leaving = leaving
    }

    private static func load(of unit: Int, _ resource: Int, _ start: UnitPlacement) -> Int64 {
        start.units.members[unit].reduce(0) { $0 + start.problem.load(of: $1, resource) }
    }

    /// The ceilings as far as hosts can come down to them. What fits under them on no host, even if
    /// all else left, counts as what cannot leave. A host that could then do less than the
    /// policy's least gain of what is asked of it is asked for nothing.
    func raised(_ ceilings: [Int64], hosts: [Int]) -> [Int64] {
        let problem = start.problem
        let width = problem.width
        let leastGain = problem.policy.balance.minGain
        var raised = ceilings
        for host in hosts {
            let base = host * width
            let isAbove = (0..<width).contains {
                problem.initialLoad[base + $0] > ceilings[base + $0]
            }
            guard isAbove else { continue }
            var kept = Array(fixed[base..<base + width])
            for unit in leaving[host] where !fitsSomewhere(unit, ceilings) {
                for resource in 0..<width { kept[resource] += Self.load(of: unit, resource, start) }
            }
            for resource in 0..<width where kept[resource] > ceilings[base + resource] {
                let load = problem.initialLoad[base + resource]
                let (asked, possible) = (load - ceilings[base + resource], load - kept[resource])
                let isWorth = possible > 0 && possible * 10_000 >= asked * leastGain
                raised[base + resource] = isWorth ? kept[resource] : load
            }
        }
        return raised
    }

    private func fitsSomewhere(_ unit: Int, _ ceilings: [Int64]) -> Bool {
        let home = start.origin(of: unit)
        if fits(unit, on: home, ceilings) { return true }
        return targets.contains {
            $0 != home && fits(unit, on: $0, ceilings) && start.allows(unit, on: $0)
        }
    }

    private func fits(_ unit: Int, on host: Int, _ ceilings: [Int64]) -> Bool {
        let base = host * start.problem.width
        return (0..<start.problem.width).allSatisfy { resource in
            let load = Self.load(of: unit, resource, start)
            return load == 0 || fixed[base + resource] + load <= ceilings[base + resource]
        }
    }
}
