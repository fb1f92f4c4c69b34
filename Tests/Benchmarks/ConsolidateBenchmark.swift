import ArgumentParser
import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport

/// `consolidate CLUSTER.data`: fewest hosts, or with `--reboot` fewest rounds, for a cluster in
/// Ganeti's text format, from the file to the checked plan; without a file, random clusters, of
/// which each plan is judged.
struct ConsolidateBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consolidate",
        abstract: "Fewest hosts, or a rolling reboot, of a cluster in Ganeti's text format.")

    /// What the last line says.
    struct Report: Encodable {
        var cases = 1
        var hosts_before = 0
        var hosts_after = 0
        var rounds = 0
        var bound = 0
        var moves = 0
        var valid = true
        var makespan_seconds = 0.0
        var cpu_seconds = 0.0
        var wall_seconds = 0.0
        var peak_bytes = 0
    }

    @Argument(help: "A file for 'hbal -t'.") var cluster: String?
    @Flag(help: "Rounds of reboots instead of fewer hosts.") var reboot = false
    @Flag(help: "Domains do not return after a round.") var onward = false
    @Option(help: "off, after or during.") var nPlusOne = "off"
    @Option(help: "Highest memory share of a host that stays in use, in percent.") var ceiling = 85
    @Option(help: "Seed of the search, and of the first random cluster.") var seed: UInt64 = 0
    @Option(help: "So many random clusters, when there is no file.") var cases = 1000

    func run() throws {
        let meter = Meter()
        var report = Report()
        if let cluster {
            let text = try String(contentsOfFile: cluster, encoding: .utf8)
            let snapshot = try GanetiCluster(text, reserves: true).snapshot
            var policy = Policy(name: "htools")
            policy.reserve = Reserve(memory: .zero, cpu: .zero)
            policy.perDomainOverhead = .zero
            policy.overcommit.cpuThousandths = 4000
            policy.consolidate.cpuLimit = 10_000
            measure(snapshot, policy, seed, &report)
        } else {
            report.cases = cases
            for number in 0..<UInt64(cases) { random(seed + number, &report) }
        }
        report.cpu_seconds = meter.cpuSeconds
        report.wall_seconds = meter.wallSeconds
        report.peak_bytes = Meter.peakBytes
        try Printout.lastLine(report)
    }

    private func random(_ seed: UInt64, _ report: inout Report) {
        let cluster =
            seed % 5 == 0
            ? RandomCluster.medium(seed: seed)
            : seed % 5 < 3 ? RandomCluster.small(seed: seed) : RandomCluster.troubled(seed: seed)
        var policy = Policy()
        if seed % 4 == 0 { policy.maxDomainsPerHost = 6 }
        if seed % 7 == 0 {
            policy.antiAffinity = [
                PlacementGroup(name: "odd", domains: ["vm1", "vm3", "vm5"], scope: .zone)
            ]
        }
        if seed % 6 == 0 { policy.ban = [HostRule(domains: ["vm4"], hosts: ["host2"])] }
        measure(cluster.snapshot, policy, seed, &report)
    }

    private func measure(
        _ snapshot: ClusterSnapshot, _ given: Policy, _ seed: UInt64, _ report: inout Report
    ) {
        var policy = given
        policy.nPlusOne = NPlusOne(rawValue: nPlusOne) ?? .off
        policy.consolidate.memoryLimit = Int64(ceiling) * 100
        policy.reboot.bringBack = !onward
        var violations: [Violation]
        if reboot {
            let plan = Planner.rollingReboot(
                bestEffort: true, from: snapshot, under: policy, seed: seed)
            violations = PlanChecker.check(plan, on: snapshot, under: policy)
            report.rounds += plan.rounds.count
            report.bound += plan.fewestRounds
            report.moves += plan.moves
            report.makespan_seconds += Double(plan.makespanMilliseconds) / 1000
        } else {
            let plan = Planner.plan(.consolidate(), from: snapshot, under: policy, seed: seed)
            violations = PlanChecker.check(plan, on: snapshot, under: policy)
            let again = Planner.plan(
                .consolidate(), from: snapshot.applying(plan.moves), under: policy, seed: seed)
            if !again.steps.isEmpty {
                violations.append(Violation(.consolidate, "more is emptied after it"))
            }
            let (before, after) = (
                plan.score?.before["hosts_in_use"], plan.score?.after["hosts_in_use"]
            )
            report.hosts_before += Int(before ?? 0)
            report.hosts_after += Int(after ?? 0)
            report.bound += Int(plan.score?.bound["hosts_in_use"] ?? 0)
            report.moves += plan.moves.count
            report.makespan_seconds += Double(plan.makespanMilliseconds) / 1000
        }
        for violation in violations { print("seed \(seed): \(violation)") }
        report.valid = report.valid && violations.isEmpty
    }
}
