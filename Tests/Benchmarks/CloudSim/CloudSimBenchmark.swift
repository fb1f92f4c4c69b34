import ArgumentParser
import Foundation

/// `cloudsim DATA/planetlab`: CloudSim 3.0.3's power set-up on the PlanetLab days, under its own
/// rules and under ours.
struct CloudSimBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cloudsim",
        abstract: "CloudSim 3.0.3's power simulation, under its own rules and under ours.")

    @Argument(help: "Folder of packed PlanetLab days, or one such file.") var data: String
    @Option(help: "thr, lr, or both separated by a comma.") var rules = "thr,lr"

    /// One run.
    struct Row: Encodable {
        var day = ""
        var rule = ""
        var kilowatt_hours = 0.0
        var migrations = 0
        var slatah_percent = 0.0
        var pdm_percent = 0.0
        var slav = 0.0
        var shutdowns = 0
        var cpu_seconds = 0.0
    }

    func run() throws {
        let files = data.hasSuffix(".gz") ? [data] : try PlanetLabDay.files(in: data)
        for file in files {
            let day = try PlanetLabDay(file)
            for name in rules.split(separator: ",") {
                let meter = Meter()
                let rule: CloudSimRule =
                    name == "lr"
                    ? CloudSimRule(detector: .regression(safety: 1.2, before: 0.7))
                    : CloudSimRule(detector: .threshold(0.8))
                var world = CloudSimWorld(traces: day.traces)
                world.run({ rule.decide(&$0) }, first: rule)
                print(
                    "\(day.name) \(name) \(world.kilowattHours) kWh \(world.migrations) migrations SLATAH \(world.overloadShare * 100) PDM \(world.migrationLoss * 100) SLAV \(world.violations * 1e5) shutdowns \(world.shutdowns) cpu \(meter.cpuSeconds)"
                )
            }
        }
    }
}
