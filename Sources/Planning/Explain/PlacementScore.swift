import ClusterModel

/// The few figures by which a placement is shown: percentages of what hosts may give.
enum PlacementScore {
    static func figures(_ placement: WorkingPlacement, domainsMoved: Int) -> [String: Double] {
        let problem = placement.problem
        var memory: Int64 = 0
        var cpu: Int64 = 0
        for host in problem.hosts.indices where problem.isReachable[host] {
            let base = host * problem.width
            memory = max(
                memory,
                WorkingPlacement.share(placement.load[base], of: problem.capacity[base]))
            for slot in problem.layout.cpu {
                cpu = max(
                    cpu,
                    WorkingPlacement.share(
                        placement.load[base + slot], of: problem.capacity[base + slot]))
            }
        }
        return [
            busiestMemory: percent(memory),
            busiestCPU: percent(cpu),
            "moves": Double(domainsMoved),
        ]
    }

    static let busiestMemory = "busiest_host_memory_percent"
    static let busiestCPU = "busiest_host_cpu_percent"

    /// Hundredths of a percent as a percentage with one decimal.
    static func percent(_ share: Int64) -> Double { Double((share + 5) / 10) / 10 }
}
