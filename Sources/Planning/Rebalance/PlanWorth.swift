import ClusterModel
import PlacementPolicy

/// What a plan wins and what it costs, in thousandths of a CPU: won as long as the load stays as it
/// is, and paid once, times seconds.
struct PlanWorth {
    /// Load above the limits of `balance`, or that the busiest host holds above the mean, that is
    /// gone: the mean over the slots. An emptied host counts half of its CPUs, since an idle server
    /// draws about half of what a busy one does.
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
            gain = Self.pressure(problem.initialLoad, problem) - Self.pressure(final.load, problem)
        }
    }

    /// Memory that is over its limit counts as the same share of the host's CPUs.
    private static func pressure(_ load: [Int64], _ problem: PlacementProblem) -> Int64 {
        let rules = problem.policy.balance
        var pressure: Int64 = 0
        let slots = Int64(max(1, problem.layout.cpu.count))
        for host in problem.hosts.indices where problem.isReachable[host] {
            let base = host * problem.width
            var over: Int64 = 0
            for resource in problem.layout.cpu {
                let capacity = problem.capacity[base + resource]
                over += max(0, load[base + resource] - capacity / 10_000 * rules.cpuLimit)
            }
            pressure += over / slots
            let share = WorkingPlacement.share(
                load[base + ResourceLayout.memory],
                of: problem.capacity[base + ResourceLayout.memory])
            let cpus = Int64(problem.hosts[host].facts?.cpu.logicalCPUs ?? 0)
            pressure += max(0, share - rules.memoryLimit) * cpus / 10
        }
        for resource in problem.layout.cpu {
            let loads = problem.hosts.indices.filter { problem.isReachable[$0] }
                .map { load[$0 * problem.width + resource] }
            let mean = loads.reduce(0, +) / Int64(max(1, loads.count))
            pressure += ((loads.max() ?? 0) - mean) / slots
        }
        return pressure
    }
}
