import ClusterModel
import Execution
package import Operations

/// A run as people read it.
package struct RunText {
    let report: RunReport
    /// The flags of the commands that it names (` --config FILE`).
    var flags = ""

    package init(report: RunReport, flags: String = "") {
        self.report = report
        self.flags = flags
    }

    private var run: RunID { report.run }
    private var steps: [RunReport.StepReport] { report.steps }

    package var text: String {
        let plan = report.plan
        var lines = [
            Format.oneLine(
                "Run \(run): \(plan.subject): "
                    + (report.killed == true ? "killed" : report.state)
                    + "\(report.reason.map { ": \($0)" } ?? "")")
        ]
        if let startedAt = report.startedAt {
            let took = report.endedAt.map {
                ", took \(Format.duration(milliseconds: $0.millisecondsSince(startedAt))), "
                    + "estimated \(Format.duration(milliseconds: plan.makespanMilliseconds))"
            }
            lines.append("Started \(startedAt)\(took ?? ", not ended")")
        }
        if !steps.isEmpty { lines += ["", table] }
        for step in steps {
            for change in step.adjustments ?? [] {
                lines.append(Format.oneLine("  step \(step.id), \(step.domain): \(change)"))
            }
            guard let words = step.error ?? step.note else { continue }
            lines.append(Format.oneLine("  step \(step.id), \(step.domain): \(words)"))
        }
        for guest in report.stopped ?? [] {
            lines.append(
                Format.oneLine(
                    "  \(guest.domain) is off on \(guest.host) by this run "
                        + "(\(guest.mode.rawValue)); to start it again: kvmbalance return "
                        + "\(guest.host)\(flags)"))
        }
        if let advice { lines += ["", advice] }
        return lines.joined(separator: "\n")
    }

    /// What can be done about a run that did not reach its goal.
    private var advice: String? {
        if report.killed == true {
            return "\(ways)\nTo leave everything where it is: kvmbalance runs abort \(run)\(flags)"
        }
        switch report.state {
        case "done", "rolled-back": return nil
        case "running":
            return "To follow it: kvmbalance runs watch \(run)\(flags)\nTo start no new migration: "
                + "kvmbalance runs stop \(run)\(flags)\nTo abort the running ones too: kvmbalance "
                + "runs abort \(run)\(flags)"
        default: return ways
        }
    }

    private var ways: String {
        "To resume it: kvmbalance runs resume \(run)\(flags)\nTo bring its domains back: "
            + "kvmbalance runs rollback \(run)\(flags)"
    }

    /// Predicted against observed, each beside the other.
    private var table: String {
        var table = Table(
            ">STEP", "DOMAIN", "FROM", "TO", "STATE", ">TRIES", ">TIME", ">ESTIMATED", ">DOWNTIME",
            ">ESTIMATED", ">SENT", ">ESTIMATED")
        for step in steps {
            let observed = step.observed
            let estimate = step.estimate
            table.add(
                step.id.description, step.domain, step.source.rawValue,
                step.mode.map { "(\($0.rawValue))" } ?? step.target.rawValue,
                step.state, "\(step.attempts)",
                observed.map { Format.duration(milliseconds: Int64($0.durationSeconds * 1000)) }
                    ?? "-",
                Format.duration(milliseconds: estimate.durationMilliseconds)
                    + (estimate.prediction.map { " (\(Self.range($0.duration)))" } ?? ""),
                observed?.downtimeMilliseconds.map { "\($0) ms" } ?? "-",
                "\(estimate.downtimeMilliseconds) ms",
                observed?.transferredBytes.map(\.description) ?? "-",
                estimate.transferred.description)
        }
        return table.text
    }

    /// `3.1-5.2 s`.
    private static func range(_ range: StepPrediction.Range) -> String {
        let tenths = { (milliseconds: Int64) in
            milliseconds < 100_000
                ? "\(milliseconds / 1000).\(milliseconds % 1000 / 100)" : "\(milliseconds / 1000)"
        }
        return "\(tenths(range.low))-\(tenths(range.high)) s"
    }
}
