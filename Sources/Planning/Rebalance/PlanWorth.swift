import ClusterModel
import PlacementPolicy

/// What a plan wins and what it costs, in thousandths of a CPU: won as long as the load stays as it
/// is, and paid once, times seconds.
struct PlanWorth {
    /// Load above the limits of `balance` that is gone, and by how much the fullest of the hosts
    /// that the plan touches becomes less full, in shares of an average host: the mean over the
    /// slots. That it becomes fuller, within its limit, costs nothing. An emptied host counts half
    /// of its CPUs, since an idle server draws about half of what a busy one does.
    let gain: Int64
    /// While it migrates a domain's demand counts twice, and the copying keeps one CPU busy.
    let cost: Int64

    init(
        _ plan: MigrationPlan, on snapshot: ClusterSnapshot, under policy: Policy, isEmptying: Bool
    ) {
        let problem = PlacementProblem(snapshot, under: policy)
        var final = WorkingPlacement(problem)
        var cost: Int64 = 0
        for step in plan.steps {
            guard let domain = problem.domainIndex[step.move.domain],
                let target = problem.hostIndex[step.move.target]
            else { continue }
            final.remove(domain)
            final.place(domain, on: target)
            let peak = problem.layout.cpu.map { problem.load(of: domain, $0) }.max() ?? 0
            cost += (peak + 1000) * step.estimate.durationMilliseconds / 1000
        }
        self.cost = cost
        if isEmptying {
            gain = problem.hosts.indices.reduce(0) { sum, host in
                let wasUsed = problem.origin.contains(host)
                let isUsed = !final.residents[host].isEmpty
                let cpus = Int64(problem.hosts[host].facts?.cpu.logicalCPUs ?? 0)
                return sum + (wasUsed && !isUsed ? cpus * 500 : 0)
            }
        } else {
            let touched = Set(plan.moves.flatMap { [$0.source, $0.target] })
            let hosts = problem.hosts.indices.filter {
                problem.isReachable[$0] && touched.contains(problem.hosts[$0].name)
            }
            var gain = Self.excess(problem.initialLoad, problem) - Self.excess(final.load, problem)
            for measure in policy.balance.measures {
                let peaks = [problem.initialLoad, final.load].map {
                    Self.peak(measure, of: hosts, $0, problem)
                }
                gain += max(0, peaks[0] - peaks[1])
            }
            self.gain = gain
        }
    }

    /// Load above the limits. Memory that is over its limit counts as the same share of the host's
    /// CPUs.
    private static func excess(_ load: [Int64], _ problem: PlacementProblem) -> Int64 {
        let rules = problem.policy.balance
        var excess: Int64 = 0
        let slots = Int64(max(1, problem.layout.cpu.count))
        for host in problem.hosts.indices where problem.isReachable[host] {
            let base = host * problem.width
            var over: Int64 = 0
            for resource in problem.layout.cpu {
                let capacity = problem.capacity[base + resource]
                over += max(0, load[base + resource] - capacity / 10_000 * rules.cpuLimit)
            }
            excess += over / slots
            let share = memoryShare(load, host, problem)
            let cpus = Int64(problem.hosts[host].facts?.cpu.logicalCPUs ?? 0)
            excess += max(0, share - rules.memoryLimit) * cpus / 10
        }
        return excess
    }

    private static func memoryShare(
        _ load: [Int64], _ host: Int, _ problem: PlacementProblem
    ) -> Int64 {
        let index = host * problem.width + ResourceLayout.memory
        return WorkingPlacement.share(load[index], of: problem.capacity[index])
    }

    /// What an average host would hold if it were as full as the fullest of these: hosts of all
    /// sizes compare by their shares.
    private static func peak(
        _ measure: BalanceRules.Measure, of hosts: [Int], _ load: [Int64],
        _ problem: PlacementProblem
    ) -> Int64 {
        let reachable = problem.hosts.indices.filter { problem.isReachable[$0] }
        func average(_ amount: (Int) -> Int64) -> Int64 {
            reachable.reduce(Int64(0)) { $0 + amount($1) } / Int64(max(1, reachable.count))
        }
        switch measure {
        case .memory:
            let cpus = average { Int64(problem.hosts[$0].facts?.cpu.logicalCPUs ?? 0) * 1000 }
            return (hosts.map { memoryShare(load, $0, problem) }.max() ?? 0) * cpus / 10_000
        case .cpu:
            let peaks = problem.layout.cpu.map { resource -> Int64 in
                let usual: Int64 = average { problem.capacity[$0 * problem.width + resource] }
                return hosts.map { host in
                    let index = host * problem.width + resource
                    return load[index] * usual / max(1, problem.capacity[index])
                }.max() ?? 0
            }
            return peaks.reduce(0, +) / Int64(max(1, peaks.count))
        }
    }
}
