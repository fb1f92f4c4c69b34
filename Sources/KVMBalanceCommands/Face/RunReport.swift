import ClusterModel
import Execution

/// A run for programs (the JSON face is fixed by the interface) and for people.
struct RunReport: Encodable {
    struct Observed: Encodable {
        var durationSeconds: Double
        var downtimeMilliseconds: Int64?
        var transferredBytes: Bytes?

        private enum CodingKeys: String, CodingKey {
            case durationSeconds = "duration_seconds"
            case downtimeMilliseconds = "downtime_ms"
            case transferredBytes = "transferred_bytes"
        }
    }

    struct StepReport: Encodable {
        var id: StepID
        var domain: String
        var uuid: DomainID
        var source: HostName
        var target: HostName
        var goal: RunGoal
        var state: String
        var attempts: Int
        var startedAt: Timestamp?
        var endedAt: Timestamp?
        var observed: Observed?
        var estimate: StepEstimate
        var error: String?
        var note: String?
        /// What was changed of its migration because it did not converge, and why.
        var adjustments: [String]?

        private enum CodingKeys: String, CodingKey {
            case id, domain, uuid, source, target, goal, state, attempts
            case startedAt = "started_at"
            case endedAt = "ended_at"
            case observed, estimate, error, note, adjustments
        }
    }

    var run: RunID
    var state: String
    var kind: MigrationPlan.Kind
    var reason: String?
    var startedAt: Timestamp?
    var endedAt: Timestamp?
    var plan: MigrationPlan
    var steps: [StepReport]
    /// The flags of the commands that it names (` --config FILE`); not for programs.
    var flags = ""

    private enum CodingKeys: String, CodingKey {
        case run, state, kind, reason
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case plan, steps
    }

    init(run: RunID, state: RunState) {
        self.run = run
        self.state = state.outcome?.state.rawValue ?? "running"
        kind = state.kind
        reason = state.outcome?.reason ?? state.stopReason
        startedAt = state.startedAt
        endedAt = state.endedAt
        plan = state.original
        steps = state.steps.map(Self.report)
    }

    private static func report(_ state: RunState.StepState) -> StepReport {
        var report = StepReport(
            id: state.step.id, domain: state.step.domainName, uuid: state.step.move.domain,
            source: state.step.move.source, target: state.step.move.target, goal: state.goal,
            state: state.status.word, attempts: state.attempts, startedAt: state.startedAt,
            endedAt: state.endedAt, estimate: state.step.estimate, error: state.error)
        if !state.adjustments.isEmpty {
            report.adjustments = state.adjustments.map { "\($0.change): \($0.reason)" }
        }
        switch state.status {
        case .done(let statistics, let note):
            report.note = note
            report.observed = statistics.map {
                Observed(
                    durationSeconds: Double($0.durationMilliseconds) / 1000,
                    downtimeMilliseconds: $0.downtimeMilliseconds,
                    transferredBytes: $0.transferred)
            }
        case .skipped(let reason): report.note = reason
        case .pending, .running, .failed, .compensated: break
        }
        return report
    }
}

extension RunReport {
    var text: String {
        let hosts = plan.hosts.inNaturalOrder.map(\.rawValue).joined(separator: ", ")
        var lines = [
            "Run \(run): \(kind.rawValue) \(hosts): \(state)\(reason.map { ": \($0)" } ?? "")"
        ]
        if let startedAt {
            let took = endedAt.map {
                ", took \(Format.duration(milliseconds: $0.millisecondsSince(startedAt))), "
                    + "estimated \(Format.duration(milliseconds: plan.makespanMilliseconds))"
            }
            lines.append("Started \(startedAt)\(took ?? ", not ended")")
        }
        if !steps.isEmpty { lines += ["", table] }
        for step in steps {
            for change in step.adjustments ?? [] {
                lines.append("  step \(step.id), \(step.domain): \(change)")
            }
            guard let words = step.error ?? step.note else { continue }
            lines.append("  step \(step.id), \(step.domain): \(words)")
        }
        if let advice { lines += ["", advice] }
        return lines.joined(separator: "\n")
    }

    /// What can be done about a run that did not reach its goal.
    private var advice: String? {
        switch state {
        case "done", "rolled-back": return nil
        case "running":
            return "If its process was killed:\n\(ways)\nTo leave everything where it is: "
                + "kvmbalance runs abort \(run)\(flags)"
        default: return ways
        }
    }

    private var ways: String {
        "To resume it: kvmbalance runs resume \(run)\(flags)\nTo bring its domains back: "
            + "kvmbalance runs rollback \(run)\(flags)"
    }

    /// Domains that are where the run was to bring them, of how many; what was replanned counts once.
    var moved: String {
        let meant = steps.filter { $0.goal == .forward && $0.state != "skipped" }
        return "\(meant.filter { $0.state == "done" }.count)/\(meant.count)"
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
                step.id.description, step.domain, step.source.rawValue, step.target.rawValue,
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
