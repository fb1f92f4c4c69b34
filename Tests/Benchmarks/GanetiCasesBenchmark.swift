import ArgumentParser
import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport

/// `ganeti-cases`: Ganeti's own test clusters, planned by us and by hbal.
struct GanetiCasesBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ganeti-cases",
        abstract: "Plan Ganeti's test clusters, beside what hbal does, with what differs.")

    /// What a case is about, whether our model can say it, and why results differ.
    struct Note {
        var tests: String
        var expressible: String
        var differs: String
    }

    /// What the last line says.
    struct Report: Encodable {
        var cases: Int
        var planned: Int
        var valid: Bool
        var cpu_seconds: Double
    }

    @Argument(help: "The folder of *.data files.") var folder: String
    @Flag(help: "Run hbal (package ganeti-htools) beside.") var hbal = false

    func run() throws {
        let meter = Meter()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".data") }.sorted()
        var (planned, complaints) = (0, 0)
        for name in names {
            let path = folder + "/" + name
            let title = String(name.dropLast(".data".count))
            let note =
                Self.notes.first { title.hasPrefix($0.prefix) }?.note
                ?? Note(tests: "?", expressible: "?", differs: "")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            var ours = "cannot be read"
            do {
                let (result, violations) = Self.plan(try GanetiCase(text))
                ours = result
                planned += 1
                complaints += violations
            } catch { ours = "\(error)" }
            print("\(title)\n  tests        \(note.tests)\n  expressible  \(note.expressible)")
            print("  ours         \(ours)")
            if hbal { print("  hbal         \(Self.hbal(path))") }
            if !note.differs.isEmpty { print("  why          \(note.differs)") }
        }
        let report = Report(
            cases: names.count, planned: planned, valid: complaints == 0,
            cpu_seconds: meter.cpuSeconds)
        try Printout.lastLine(report)
    }

    /// A drain of what is offline and holds something, or else a balance.
    private static func plan(_ it: GanetiCase) -> (text: String, violations: Int) {
        let request: PlanRequest = it.offline.isEmpty ? .balance() : .drain(it.offline)
        let plan = Planner.plan(request, from: it.snapshot, under: it.policy, seed: 0)
        let violations = PlanChecker.check(plan, on: it.snapshot, under: it.policy)
        let hosts = it.offline.map(\.rawValue).joined(separator: ", ")
        let goal = it.offline.isEmpty ? "balance" : "drain \(hosts)"
        let moves = plan.steps.map { "\($0.domainName) to \($0.move.target)" }
        let shown = moves.prefix(4).joined(separator: ", ") + (moves.count > 4 ? ", …" : "")
        let peaks = [plan.score?.before, plan.score?.after].map {
            $0?["busiest_host_memory_percent"].map { "\($0)" } ?? "-"
        }
        var text = "\(goal): \(plan.outcome.rawValue)"
        if !moves.isEmpty {
            text +=
                ", \(moves.count) moves, highest memory \(peaks[0]) % to \(peaks[1]) % (\(shown))"
        }
        if let conflict = plan.conflict {
            text += "; in conflict: " + conflict.constraints.map(\.detail).joined(separator: "; ")
            text +=
                "; ways out: "
                + conflict.relaxations.map { $0.joined(separator: " and ") }
                .joined(separator: " | ")
        } else if plan.outcome == .infeasible {
            text += ": " + plan.blockers.map(\.detail).joined(separator: "; ")
        }
        if !violations.isEmpty { text += "; JUDGE: \(violations)" }
        return (text, violations.count)
    }

    private static func hbal(_ path: String) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["hbal", "-t", path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        guard (try? process.run()) != nil else { return "cannot be run" }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        if process.terminationStatus == 127 { return "not found: apt-get install ganeti-htools" }
        let told = String(decoding: data, as: UTF8.self).split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        let kept = told.filter {
            $0.hasPrefix("Cluster score") || $0.hasPrefix("Solution length")
                || $0.hasPrefix("No solution") || $0.hasPrefix("Error") || $0.contains(" a=")
        }
        return kept.map { $0.split(separator: " ").joined(separator: " ") }.joined(separator: "; ")
    }
}
