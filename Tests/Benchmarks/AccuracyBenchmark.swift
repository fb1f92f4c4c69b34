import ArgumentParser
import ClusterModel
import Foundation
import Planning
import TestSupport

/// `accuracy MEASURED`: durations predicted against those of real migrations.
struct AccuracyBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accuracy",
        abstract: "Learn from one run of measured migrations and predict another.",
        discussion: """
            MEASURED holds a folder for each run (1, 2, ...) with micro_random.N.csv, as V. \
            Kherbache measured them; the plans are beside it in plans/random.N.json. The estimates \
            see what the plan knew: memory, how the guest writes, and the bandwidth. All \
            migrations of the first run are learned from as those of one fleet; the second is only predicted.
            """)

    /// What the last line says: relative errors.
    struct Report: Encodable {
        var learned = 0
        var tested = 0
        var mape = 0.0
        var median = 0.0
        var p90 = 0.0
        /// Part of the observations that lay within the estimate's error bar.
        var within_error_bar = 0.0
        /// The same migrations without anything learned, and as their own plans had them.
        var mape_assumed = 0.0
        var mape_mvm = 0.0
        var fixed_ms: Int64 = 0
        var efficiency = 0.0
        var dirtyRates = 0.0
        var error_bar = 0.0
        var cpu_seconds = 0.0
    }

    @Argument(help: "Folder of the runs.") var measured: String
    @Option(help: "The run to learn from.") var learn = "1"
    @Option(help: "The run to predict.") var test = "2"
    @Option(help: "Folder of the plans (default: plans, beside the runs).") var plans: String?

    func run() throws {
        let meter = Meter()
        let folder = plans ?? measured + "/../plans"
        let data = MeasuredMigrations(runs: measured, plans: folder)
        let (learned, tested) = (try data.read(learn), try data.read(test))
        guard let fit = CalibrationFit.fit(learned.map(\.observation)) else {
            throw ValidationError("\(measured)/\(learn) holds too little to learn from")
        }
        var report = Report(learned: learned.count, tested: tested.count)
        let errors = Self.errors(of: tested) { $0.observation.predicted(fit) }
        report.mape = Self.mean(errors)
        report.median = errors[errors.count / 2]
        report.p90 = errors[errors.count * 9 / 10]
        let bar = 1 + Double(fit.errorPermille) / 1000
        report.within_error_bar = Self.mean(
            tested.map {
                let ratio =
                    Double($0.observation.durationMilliseconds)
                    / Double($0.observation.predicted(fit))
                return ratio <= bar && ratio >= 1 / bar ? 1 : 0
            })
        report.mape_assumed = Self.mean(
            Self.errors(of: tested) { $0.observation.predicted(.assumed) })
        report.mape_mvm = Self.mean(Self.errors(of: tested) { $0.plannedMilliseconds })
        report.fixed_ms = fit.fixedMilliseconds
        report.efficiency = Double(fit.efficiencyPermille) / 1000
        report.dirtyRates = Double(fit.dirtyingPermille) / 1000
        report.error_bar = Double(fit.errorPermille) / 1000
        report.cpu_seconds = meter.cpuSeconds
        show(tested, fit)
        try Printout.lastLine(report)
    }

    /// By memory and bandwidth, what was predicted and the mean of what was seen.
    private func show(_ tested: [MeasuredMigration], _ fit: TransferFit) {
        let cells = Dictionary(grouping: tested) {
            [$0.observation.linkRate.count / 125_000, $0.observation.memory.count / 1_048_576]
        }
        for (cell, own) in cells.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let seen = own.reduce(0) { $0 + Double($1.observation.durationMilliseconds) }
            let predicted = own[0].observation.predicted(fit)
            print(
                "\(cell[0]) Mbit/s, \(cell[1]) MiB: predicted \(Double(predicted) / 1000) s, "
                    + "seen \((seen / Double(own.count)).rounded() / 1000) s (\(own.count))")
        }
    }

    /// Ascending.
    private static func errors(
        of tested: [MeasuredMigration], _ predicted: (MeasuredMigration) -> Int64
    ) -> [Double] {
        tested.map {
            let seen = Double($0.observation.durationMilliseconds)
            return abs(Double(predicted($0)) - seen) / seen
        }.sorted()
    }

    private static func mean(_ values: [Double]) -> Double {
        values.reduce(0, +) / Double(max(1, values.count))
    }
}

/// One migration that was measured, and how long its plan thought it would take.
struct MeasuredMigration {
    var observation: TransferObservation
    var plannedMilliseconds: Int64
}

/// Reads Kherbache's measurements: `{action=migrate(vm=vm#7, from=node#3, to=node#2,
/// bw=1000)};start;end;run`.
struct MeasuredMigrations {
    let runs: String
    let plans: String

    func read(_ run: String) throws -> [MeasuredMigration] {
        let folder = runs + "/" + run
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".csv") }.sorted()
        return try files.flatMap { file -> [MeasuredMigration] in
            let number = file.split(separator: ".").dropLast().last ?? ""
            let plan = try KherbacheCase(
                Data(contentsOf: URL(fileURLWithPath: "\(plans)/random.\(number).json")))
            let text = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
            return try text.split(whereSeparator: \.isNewline).dropFirst().map {
                try migration($0, of: plan, in: file)
            }
        }
    }

    private func migration(
        _ line: Substring, of plan: KherbacheCase, in file: String
    ) throws -> MeasuredMigration {
        let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
        guard numbers.count >= 6, let domain = plan.domains[numbers[0]],
            let given = plan.given.first(where: { $0.domain == numbers[0] })
        else { throw ValidationError("\(file): '\(line)' is no measured migration of its plan") }
        let it = domain.dirtyRates
        return MeasuredMigration(
            observation: TransferObservation(
                source: HostName("node\(numbers[1])"), target: HostName("node\(numbers[2])"),
                memory: .mebibytes(Int64(it.memory)),
                dirtyRates: DirtyRates(
                    hotSet: .mebibytes(Int64(it.hotSize)),
                    hotMilliseconds: Int64(it.hotSeconds * 1000),
                    coldRate: .mebibytes(Int64(it.coldRate))),
                linkRate: Bytes(Int64(numbers[3]) * 125_000),
                durationMilliseconds: Int64(numbers[5] - numbers[4]) * 1000),
            plannedMilliseconds: Int64(given.end - given.start) * 1000)
    }
}
