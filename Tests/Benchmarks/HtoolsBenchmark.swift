import ArgumentParser
import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport

/// `htools CLUSTER.data`: balance or drain of a cluster in Ganeti's text format, from the file to
/// the checked, ordered and explained plan.
struct HtoolsBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "htools",
        abstract: "Balance, or drain, a cluster in Ganeti's text format.",
        discussion: """
            With --moves the lowest memory peak with at most this many moves is asked for, memory \
            alone, down to the last point; CPU keeps its limit of four virtual CPUs for each \
            physical one. Without it the default policy decides what is worth moving.
            """)

    /// What the last line says.
    struct Report: Encodable {
        var moves: Int
        var max_memory_percent: Double
        var valid: Bool
        var bound: Double?
        var gap: Double?
        var makespan_seconds: Double
        var cpu_seconds: Double
        var wall_seconds: Double
        var peak_bytes: Int
    }

    struct FrontierPoint: Encodable {
        var moves: Int
        var max_memory_percent: Double
        var bound: Double
    }

    @Argument(help: "A file for 'hbal -t'.") var cluster: String
    @Option(help: "A file for 'hbal -U': dynamic load.") var util: String?
    @Option(help: "Moves at most.") var moves: Int?
    @Option(help: "Empty this host instead of balancing; may be repeated.") var drain: [String] = []
    @Option(help: "Seed of the search.") var seed: UInt64 = 0
    @Flag(help: "Show what each number of moves would buy.") var frontier = false
    @Option(help: "Draw the frontier to this SVG file (with --frontier).") var svg: String?
    @Flag(help: "Show the steps of the plan.") var steps = false

    func run() throws {
        let meter = Meter()
        let read = { (path: String) in try String(contentsOfFile: path, encoding: .utf8) }
        let snapshot = try GanetiCluster(
            read(cluster), utilization: util.map(read), reserves: !drain.isEmpty
        ).snapshot
        let readSeconds = meter.wallSeconds
        let policy = policy
        let request: PlanRequest =
            drain.isEmpty ? .balance(maxMoves: moves) : .drain(drain.map { HostName($0) })
        if frontier {
            let options = Planner.frontier(request, from: snapshot, under: policy, seed: seed)
            show(options)
            if let svg { try chart(options).write(to: svg) }
            try Printout.lastLine(
                options.map {
                    FrontierPoint(
                        moves: $0.moves, max_memory_percent: $0.memoryPeak,
                        bound: $0.memoryBound)
                })
            return
        }
        let plan = Planner.plan(request, from: snapshot, under: policy, seed: seed)
        let planned = meter.wallSeconds
        let violations = PlanChecker.check(plan, on: snapshot, under: policy)
        let report = Report(
            moves: Set(plan.moves.map(\.domain)).count,
            max_memory_percent: Self.memoryPeak(snapshot.applying(plan.moves)),
            valid: violations.isEmpty, bound: plan.score?.bound["busiest_host_memory_percent"],
            gap: plan.score?.gap, makespan_seconds: Double(plan.makespanMilliseconds) / 1000,
            cpu_seconds: meter.cpuSeconds, wall_seconds: meter.wallSeconds,
            peak_bytes: Meter.peakBytes)
        for step in plan.steps where steps {
            print(
                "\(step.id) \(step.domainName) \(step.move.source) -> \(step.move.target)"
                    + " after \(step.after): \(step.rationale)")
        }
        for violation in violations { print("violation: \(violation)") }
        for blocker in plan.blockers { print("blocker: \(blocker)") }
        let rows: [(String, String)] = [
            ("hosts", "\(snapshot.hosts.count)"), ("domains", "\(snapshot.domains.count)"),
            ("outcome", plan.outcome.rawValue), ("moves", "\(report.moves)"),
            ("steps", "\(plan.steps.count)"),
            ("highest memory before", Self.text(Self.memoryPeak(snapshot)) + " %"),
            ("highest memory after", Self.text(report.max_memory_percent) + " %"),
            ("bound", report.bound.map { Self.text($0) + " %" } ?? "-"),
            ("reading", Self.text(readSeconds) + " s"),
            ("planning", Self.text(planned - readSeconds) + " s"),
            ("judging", Self.text(report.wall_seconds - planned) + " s"),
            ("judge's complaints", "\(violations.count)"),
        ]
        Printout.table(rows)
        try Printout.lastLine(report)
    }

    private var policy: Policy {
        var policy = Policy(name: "htools")
        policy.reserve = Reserve(memory: .zero, cpu: .zero)
        policy.perDomainOverhead = .zero
        if util == nil { policy.overcommit.cpuThousandths = 4000 }
        if moves != nil {
            policy.balance.measures = [.memory]
            policy.balance.spread = 0
            policy.balance.minGain = 0
        }
        return policy
    }

    private func chart(_ options: [BalanceOption]) -> LineChart {
        let name = URL(fileURLWithPath: cluster).lastPathComponent
        let chosen = options.filter(\.isChosen).map { (Double($0.moves), $0.memoryPeak) }
        return LineChart(
            title: "Moves against the highest memory, \(name)", xLabel: "domains moved",
            yLabel: "highest memory of a host, %",
            series: [
                LineChart.Series(
                    name: "found", points: options.map { (Double($0.moves), $0.memoryPeak) }),
                LineChart.Series(
                    name: "lower bound",
                    points: options.map { (Double($0.moves), $0.memoryBound) }, isDashed: true),
                LineChart.Series(name: "the plan's choice", points: chosen),
            ])
    }

    private func show(_ options: [BalanceOption]) {
        print("moves  memory peak  bound  CPU peak  spread  chosen")
        for option in options {
            print(
                "\(option.moves)\t\(option.memoryPeak)\t\(option.memoryBound)\t\(option.cpuPeak)"
                    + "\t\(option.spread)\t\(option.isChosen ? "*" : "")")
        }
    }

    /// Highest share of a host's memory that is promised, counted from the world alone.
    private static func memoryPeak(_ snapshot: ClusterSnapshot) -> Double {
        var used: [HostName: Int64] = [:]
        for domain in snapshot.domains where domain.facts.state.isActive {
            used[domain.host, default: 0] += domain.facts.memory.count
        }
        return snapshot.hosts.map { host in
            let total = Double(host.facts?.memory.count ?? 0)
            let own = host.reserve?.memory?.count ?? 0
            return total > 0 ? Double(own + (used[host.name] ?? 0)) * 100 / total : 0
        }.max() ?? 0
    }

    private static func text(_ value: Double) -> String {
        "\((value * 1000).rounded() / 1000)"
    }
}
