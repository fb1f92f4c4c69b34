import ArgumentParser
import Foundation

/// `cloudsim DATA/planetlab`: CloudSim 3.0.3's power set-up on the PlanetLab days, under its own
/// rules and under ours.
struct CloudSimBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cloudsim",
        abstract: "CloudSim 3.0.3's power simulation, under its own rules and under ours.")

    @Argument(help: "Folder of packed PlanetLab days, or one such file.") var data: String
    @Option(help: "thr, lr and ours, separated by commas.") var rules = "thr,lr,ours"
    @Option(help: "Ours: percentile of a guest's use.") var percentile = 75
    @Option(help: "Ours: window of a guest's use, in minutes.") var window = 60
    @Option(help: "Ours: hosts are filled up to this, in percent.") var fill: Int64 = 85
    @Option(help: "Ours: above this a host is relieved, in percent.") var most: Int64 = 100
    @Option(help: "Ours: first rest of a guest that was moved, in minutes.") var rest: Int64 = 60
    @Option(help: "Ours: hosts are emptied after this many calm minutes.") var emptyAfter: Int64 = 5

    /// One run.
    struct Row: Encodable {
        var day = ""
        var rule = ""
        var machines = 0
        var kilowatt_hours = 0.0
        var migrations = 0
        var slatah_percent = 0.0
        var pdm_percent = 0.0
        var slav = 0.0
        var shutdowns = 0
        var cpu_seconds = 0.0
    }

    func run() throws {
        print(
            "day      VMs  rule      kWh  migrations  SLATAH %   PDM %  SLAV 1e-5  shutdowns  CPU s"
        )
        var rows: [Row] = []
        for file in data.hasSuffix(".gz") ? [data] : try PlanetLabDay.files(in: data) {
            let day = try PlanetLabDay(file)
            for rule in rules.split(separator: ",") {
                let row = play(day, String(rule))
                print(Self.text(row))
                fflush(nil)
                rows.append(row)
            }
        }
        try Printout.lastLine(rows)
    }

    private func play(_ day: PlanetLabDay, _ rule: String) -> Row {
        let meter = Meter()
        var world = CloudSimWorld(traces: day.traces)
        let own =
            rule == "lr"
            ? CloudSimRule(detector: .regression(safety: 1.2, before: 0.7))
            : CloudSimRule(detector: .threshold(0.8))
        if rule == "ours" {
            var ours = CloudSimOurs(
                CloudSimOurs.policy(
                    percentile: percentile, windowSeconds: Int64(window) * 60, fill: fill * 100,
                    most: most * 100, restSeconds: rest * 60, emptyAfterSeconds: emptyAfter * 60))
            world.run({ ours.decide(&$0) }, first: own)
        } else {
            world.run({ own.decide(&$0) }, first: own)
        }
        return Row(
            day: day.name, rule: rule, machines: day.machines.count,
            kilowatt_hours: world.kilowattHours, migrations: world.migrations,
            slatah_percent: world.overloadShare * 100, pdm_percent: world.migrationLoss * 100,
            slav: world.violations * 1e5, shutdowns: world.shutdowns, cpu_seconds: meter.cpuSeconds)
    }

    private static func text(_ row: Row) -> String {
        let number = { (value: Double, places: Int, width: Int) in
            String(format: "%\(width).\(places)f", value)
        }
        return "\(row.day) \(row.machines) \(row.rule)" + number(row.kilowatt_hours, 2, 10)
            + number(Double(row.migrations), 0, 11) + number(row.slatah_percent, 3, 10)
            + number(row.pdm_percent, 4, 9) + number(row.slav, 2, 10)
            + number(Double(row.shutdowns), 0, 10) + number(row.cpu_seconds, 1, 8)
    }
}
