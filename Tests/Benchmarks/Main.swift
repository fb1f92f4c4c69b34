import ArgumentParser

/// `kvmbalance-bench`: measures the planner on other people's data, given by path.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kvmbalance-bench",
        abstract: "Measures the planner. The last line is one line of JSON.",
        subcommands: [
            HtoolsBenchmark.self, ConsolidateBenchmark.self, ScheduleBenchmark.self,
            FuzzBenchmark.self, FleetBenchmark.self, GrowthBenchmark.self,
            GanetiCasesBenchmark.self,
            RoadefBenchmark.self,
            FaultsBenchmark.self, CloudSimBenchmark.self, ReplayBenchmark.self,
            AccuracyBenchmark.self, JournalBenchmark.self,
            PingPongBenchmark.self, ForecastBenchmark.self,
        ])
}
