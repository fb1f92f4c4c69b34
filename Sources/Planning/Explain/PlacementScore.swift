import ClusterModel

/// The few figures by which a placement is shown: percentages of what hosts may give.
enum PlacementScore {
    static func figures(_ placement: WorkingPlacement, domainsMoved: Int) -> [String: Double] {
        figures(RunningScore(placement), domainsMoved: domainsMoved)
    }

    static func figures(_ score: RunningScore, domainsMoved: Int) -> [String: Double] {
        let peaks = score.peaks
        return [
            busiestMemory: percent(peaks.memory),
            busiestCPU: percent(peaks.cpu),
            hostsInUse: Double(peaks.hostsInUse),
            "moves": Double(domainsMoved),
        ]
    }

    static let busiestMemory = "busiest_host_memory_percent"
    static let busiestCPU = "busiest_host_cpu_percent"

    static let hostsInUse = "hosts_in_use"
    /// Of balances: the widest gap between two hosts in any measure, in points.
    static let spread = "spread_points"

    /// Hosts that can be reached and hold something that runs, or that something is on its way to.
    static func inUse(_ placement: WorkingPlacement) -> [Int] {
        let problem = placement.problem
        return problem.hosts.indices.filter { host in
            problem.isReachable[host]
                && (!placement.residents[host].isEmpty
                    || problem.arriving.contains { $0.host == host })
        }
    }

    /// Hundredths of a percent as a percentage with one decimal.
    static func percent(_ share: Int64) -> Double { Double((share + 5) / 10) / 10 }
}
