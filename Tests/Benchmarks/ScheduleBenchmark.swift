import ArgumentParser
import BenchmarkModels
import Foundation
import Planning
import TestSupport

/// `schedule PLAN.json...`: when migrations with given targets start, on a given network.
struct ScheduleBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Schedule the migrations of BtrPlace plans or instances, plain or gzipped.",
        discussion: """
            A plan keeps the durations and bandwidths that it gives. An instance takes mVM's \
            model: each migration may use the whole of the narrowest link on its way, or with \
            --shares K an even part of it. The makespan is the end of the last migration; hosts \
            that are off at the start boot first, and what is to be off in the end shuts down after it.
            """)

    /// What the last line says: figures of one file, or means over several.
    struct Report: Encodable {
        var cases = 0
        var moves = 0.0
        var makespan_seconds = 0.0
        var bound = 0.0
        /// The part of the bound that is the load of the links.
        var link_bound = 0.0
        /// Mean of makespan / bound, and of makespan / the links' load.
        var ratio = 0.0
        var link_ratio = 0.0
        var proven = 0
        var given_seconds: Double?
        var sum_of_ends_seconds = 0.0
        var with_shutdown_seconds = 0.0
        var valid = true
        var cpu_seconds = 0.0
        var most_cpu_seconds = 0.0
        var wall_seconds = 0.0
        var peak_bytes = 0
    }

    @Argument(help: "Plans or instances; .gz is unpacked with gzip.") var files: [String]
    @Option(help: "Seed of the search.") var seed: UInt64 = 0
    @Option(help: "Orders tried; the default depends on the size.") var trials: Int?
    @Option(help: "Branches of the exhaustive search for small cases.") var branches: Int?
    @Option(help: "Let a migration also use 1/2 ... 1/K of the bandwidth.") var shares = 1
    @Option(help: "For plans: widths of the hosts' links in Mbit/s, as in 500,500,1000,1000.")
    var links: String?
    @Flag(help: "Leave out what hosts hold, as a makespan of links alone does.")
    var linksOnly = false
    @Flag(help: "Show when each migration starts.") var steps = false

    func run() throws {
        print(
            Self.row(
                "case",
                [
                    "moves", "makespan", "bound", "links", "ratio", "proven", "given", "valid",
                    "CPU s",
                ]))
        let reports = try files.map { file in
            let report = try measure(file)
            print(
                Self.row(
                    file.split(separator: "/").suffix(3).joined(separator: "/"),
                    [
                        "\(Int(report.moves))", Self.text(report.makespan_seconds),
                        Self.text(report.bound), Self.text(report.link_bound),
                        Self.text(report.link_ratio),
                        report.proven == 1 ? "yes" : "-",
                        report.given_seconds.map(Self.text) ?? "-",
                        report.valid ? "yes" : "NO", Self.text(report.cpu_seconds),
                    ]))
            return report
        }
        try Printout.lastLine(Self.mean(of: reports))
    }

    private func measure(_ file: String) throws -> Report {
        let meter = Meter()
        let widths = (links ?? "").split(separator: ",").compactMap { Int($0) }
        var it = try KherbacheCase(
            Unpacked.contents(of: file),
            linkOfHost: Dictionary(
                uniqueKeysWithValues: widths.enumerated().map { ($0.offset, $0.element) }))
        if linksOnly { it.forgetCapacities() }
        var report = Report(cases: 1, peak_bytes: Meter.peakBytes)
        var transfers = try KherbacheTransfers(it, shares: max(1, shares))
        var effort = ScheduleEffort.standard(transfers: transfers.problem.transfers.count)
        effort.trials = trials ?? effort.trials
        effort.branches = branches ?? effort.branches
        report.moves = Double(transfers.problem.transfers.count)
        report.bound = Double(TransferScheduler.bound(transfers.problem)) / 1000
        report.link_bound = Double(TransferScheduler.channelBound(transfers.problem)) / 1000
        if let schedule = TransferScheduler.schedule(
            transfers.problem, effort: effort, seed: seed)
        {
            transfers.take(schedule)
            report.makespan_seconds = Double(schedule.makespanMilliseconds) / 1000
            report.bound = Double(schedule.boundMilliseconds) / 1000
            report.proven = schedule.isProven ? 1 : 0
            let complaints = KherbacheJudge.complaints(transfers.timed, about: it)
            report.valid = complaints.isEmpty
            for complaint in complaints { print("violation: \(complaint)") }
        } else {
            report.valid = false
            print("no order was found in which all can start")
        }
        report.ratio = report.bound > 0 ? report.makespan_seconds / report.bound : 1
        report.link_ratio =
            report.link_bound > 0 ? report.makespan_seconds / report.link_bound : 1
        report.given_seconds = it.given.map { Double($0.end) }.max()
        report.sum_of_ends_seconds = transfers.timed.reduce(0) { $0 + Double($1.end) / 1000 }
        report.with_shutdown_seconds = it.secondsUntilAllIsOff(transfers.timed)
        for move in transfers.timed.sorted(by: { ($0.start, $0.domain) < ($1.start, $1.domain) })
        where steps {
            print(
                "\(move.start) to \(move.end) ms: \(move.domain) to \(move.target)"
                    + " at \(move.bandwidth) Mbit/s")
        }
        report.cpu_seconds = meter.cpuSeconds
        report.most_cpu_seconds = report.cpu_seconds
        report.wall_seconds = meter.wallSeconds
        report.peak_bytes = Meter.peakBytes
        return report
    }

    private static func mean(of reports: [Report]) -> Report {
        let count = Double(max(1, reports.count))
        let mean = { (figure: KeyPath<Report, Double>) in
            reports.reduce(0) { $0 + $1[keyPath: figure] } / count
        }
        let given = reports.compactMap(\.given_seconds)
        return Report(
            cases: reports.count, moves: mean(\.moves), makespan_seconds: mean(\.makespan_seconds),
            bound: mean(\.bound), link_bound: mean(\.link_bound), ratio: mean(\.ratio),
            link_ratio: mean(\.link_ratio),
            proven: reports.reduce(0) { $0 + $1.proven },
            given_seconds: given.isEmpty ? nil : given.reduce(0, +) / Double(given.count),
            sum_of_ends_seconds: mean(\.sum_of_ends_seconds),
            with_shutdown_seconds: mean(\.with_shutdown_seconds),
            valid: reports.allSatisfy(\.valid), cpu_seconds: mean(\.cpu_seconds),
            most_cpu_seconds: reports.map(\.most_cpu_seconds).max() ?? 0,
            wall_seconds: mean(\.wall_seconds), peak_bytes: reports.map(\.peak_bytes).max() ?? 0)
    }

    private static func row(_ name: String, _ columns: [String]) -> String {
        let first = name.padding(toLength: max(52, name.count), withPad: " ", startingAt: 0)
        return columns.reduce(first) { line, column in
            line + String(repeating: " ", count: max(1, 10 - column.count)) + column
        }
    }

    private static func text(_ value: Double) -> String {
        "\((value * 1000).rounded() / 1000)"
    }
}

extension KherbacheCase {
    /// When the last migration has ended and the last host that is to be off is off.
    fileprivate func secondsUntilAllIsOff(_ schedule: [KherbacheJudge.Timed]) -> Double {
        var free: [Int: Double] = [:]
        var last = 0.0
        for move in schedule {
            let end = Double(move.end) / 1000
            last = max(last, end)
            guard let home = domains[move.domain]?.host else { continue }
            free[home] = max(free[home] ?? 0, end)
        }
        for host in hosts.values where host.isOffAtEnd && !host.isOffAtStart {
            last = max(last, (free[host.id] ?? 0) + Double(host.shutdownSeconds))
        }
        return last
    }
}
