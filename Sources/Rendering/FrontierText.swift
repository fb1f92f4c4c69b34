package import Planning

/// The frontier of moves against balance as people and programs read it.
package struct FrontierText {
    let points: [BalanceOption]

    package init(points: [BalanceOption]) { self.points = points }

    /// One point by the names that the interface fixes.
    package struct Row: Encodable {
        var moves: Int
        var busiestHostMemory: Double
        var busiestHostMemoryBound: Double
        var busiestHostCPU: Double
        var spread: Double
        var overload: Double
        var isChosen: Bool

        private enum CodingKeys: String, CodingKey {
            case moves
            case busiestHostMemory = "busiest_host_memory_percent"
            case busiestHostMemoryBound = "busiest_host_memory_bound_percent"
            case busiestHostCPU = "busiest_host_cpu_percent"
            case spread = "spread_points"
            case overload = "overload_points"
            case isChosen = "chosen"
        }
    }

    package var rows: [Row] {
        points.map {
            Row(
                moves: $0.moves, busiestHostMemory: $0.memoryPeak,
                busiestHostMemoryBound: $0.memoryBound, busiestHostCPU: $0.cpuPeak,
                spread: $0.spread, overload: $0.overload, isChosen: $0.isChosen)
        }
    }

    package var text: String {
        var table = Table(
            ">MOVES", ">MEMORY PEAK", ">BOUND", ">CPU PEAK", ">SPREAD", ">OVERLOAD", "")
        for point in points {
            table.add(
                "\(point.moves)", "\(point.memoryPeak) %", "\(point.memoryBound) %",
                "\(point.cpuPeak) %", "\(point.spread)", "\(point.overload)",
                point.isChosen ? "<- the plan" : "")
        }
        return table.text
    }
}
