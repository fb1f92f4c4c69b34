import ArgumentParser
import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport

/// `fleet`: a made-up fleet with NUMA cells, groups and racks, drained or balanced.
struct FleetBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Drain or balance a made-up fleet of any size.",
        discussion: "Racks of 40 hosts are zones; --drain 40 empties the first rack.")

    @Option(help: "Hosts.") var hosts = 1000
    @Option(help: "Domains.") var domains = 20_000
    @Option(help: "Seed of the fleet and of the search.") var seed: UInt64 = 1
    @Option(help: "Empty the first so many hosts; without it the fleet is balanced.")
    var drain: Int?
    @Flag(help: "Leave the judge out, which takes longer than the planner.") var unchecked = false

    func run() throws {
        let run = FleetRun(
            hosts: hosts, domains: domains, seed: seed, drain: drain, isChecked: !unchecked)
        let report = run.report
        for violation in run.violations.prefix(10) { print("violation: \(violation)") }
        for blocker in run.plan.blockers.prefix(5) { print("blocker: \(blocker.detail)") }
        if let conflict = run.plan.conflict {
            for constraint in conflict.constraints { print("conflict: \(constraint.detail)") }
            for way in conflict.relaxations { print("way out: \(way)") }
        }
        let rows: [(String, String)] = [
            ("hosts", "\(report.hosts)"), ("domains", "\(report.domains)"),
            ("outcome", run.plan.outcome.rawValue), ("moves", "\(report.moves)"),
            ("highest memory", "\(report.max_memory_percent) %"),
            ("making the fleet", "\(report.setup_seconds) CPU s"),
            ("planning", "\(report.cpu_seconds) CPU s, \(report.wall_seconds) s"),
            ("judging", "\(report.judge_seconds) CPU s"),
            ("judge's complaints", "\(run.violations.count)"),
        ]
        Printout.table(rows)
        try Printout.lastLine(report)
    }
}

/// `growth`: how the cost of planning grows with the fleet, as a table and a chart.
struct GrowthBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "growth",
        abstract: "How planning grows with hosts and domains; draws it as SVG.",
        discussion: "20 domains a host. CPU seconds of planning alone, without judging.")

    @Option(help: "Where the chart goes.") var svg: String
    @Option(help: "Sizes in hosts.") var sizes: [Int] = [50, 100, 200, 500, 1000, 2000, 5000]
    @Option(help: "Balance fleets up to this many hosts.") var balanceAtMost = 2000
    @Option(help: "Seed.") var seed: UInt64 = 1

    func run() throws {
        var series = [
            LineChart.Series(name: "drain of 1 host", points: []),
            LineChart.Series(name: "drain of a rack of 40", points: []),
            LineChart.Series(name: "balance", points: []),
        ]
        print("hosts  drain 1  drain 40  balance  peak MB")
        for size in sizes {
            var cells: [String] = []
            for (index, drain) in [1, 40, nil].enumerated() {
                guard drain.map({ $0 * 2 < size }) ?? (size <= balanceAtMost) else {
                    cells.append("-")
                    continue
                }
                let report = FleetRun(
                    hosts: size, domains: size * 20, seed: seed, drain: drain, isChecked: false
                ).report
                series[index].points.append((Double(size), report.cpu_seconds))
                cells.append("\(report.cpu_seconds)")
            }
            print("\(size)\t" + cells.joined(separator: "\t") + "\t\(Meter.peakBytes >> 20)")
        }
        let chart = LineChart(
            title: "Planning, 20 domains a host", xLabel: "hosts", yLabel: "CPU seconds",
            isLogarithmic: true, series: series)
        try chart.write(to: svg)
    }
}

/// One planning on a made-up fleet, measured.
struct FleetRun {
    /// What the last line says.
    struct Report: Encodable {
        var hosts: Int
        var domains: Int
        var moves: Int
        var valid: Bool?
        var max_memory_percent: Double
        var bound: Double?
        var gap: Double?
        var makespan_seconds: Double
        var setup_seconds: Double
        var judge_seconds: Double
        var cpu_seconds: Double
        var wall_seconds: Double
        var peak_bytes: Int
    }

    let plan: MigrationPlan
    let violations: [Violation]
    let report: Report

    init(hosts: Int, domains: Int, seed: UInt64, drain: Int?, isChecked: Bool) {
        let setup = Meter()
        let snapshot = LargeFleet(hosts: hosts, domains: domains, seed: seed).snapshot
        let setupSeconds = setup.cpuSeconds
        let request: PlanRequest =
            drain.map { .drain((0..<$0).map(LargeFleet.name)) } ?? .balance()
        let meter = Meter()
        let plan = Planner.plan(request, from: snapshot, under: LargeFleet.policy, seed: seed)
        let (cpu, wall) = (meter.cpuSeconds, meter.wallSeconds)
        let judge = Meter()
        let violations =
            isChecked ? PlanChecker.check(plan, on: snapshot, under: LargeFleet.policy) : []
        self.plan = plan
        self.violations = violations
        let name = "busiest_host_memory_percent"
        report = Report(
            hosts: snapshot.hosts.count, domains: snapshot.domains.count,
            moves: Set(plan.moves.map(\.domain)).count,
            valid: isChecked ? violations.isEmpty : nil,
            max_memory_percent: plan.score?.after[name] ?? 0, bound: plan.score?.bound[name],
            gap: plan.score?.gap, makespan_seconds: Double(plan.makespanMilliseconds) / 1000,
            setup_seconds: Self.rounded(setupSeconds),
            judge_seconds: Self.rounded(judge.cpuSeconds), cpu_seconds: Self.rounded(cpu),
            wall_seconds: Self.rounded(wall), peak_bytes: Meter.peakBytes)
    }

    private static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}
