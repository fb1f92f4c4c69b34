package import ClusterModel
package import Execution
import Persistence

/// A run for programs (the JSON form is fixed by the interface) and for people.
package struct RunReport: Encodable {
    package struct Observed: Encodable {
        package var durationSeconds: Double
        package var downtimeMilliseconds: Int64?
        package var transferredBytes: Bytes?

        private enum CodingKeys: String, CodingKey {
            case durationSeconds = "duration_seconds"
            case downtimeMilliseconds = "downtime_ms"
            case transferredBytes = "transferred_bytes"
        }
    }

    package struct StepReport: Encodable {
        package var id: StepID
        package var domain: String
        package var uuid: DomainID
        package var source: HostName
        package var target: HostName
        package var goal: RunGoal
        package var state: String
        package var attempts: Int
        package var startedAt: Timestamp?
        package var endedAt: Timestamp?
        package var observed: Observed?
        package var estimate: StepEstimate
        package var error: String?
        package var note: String?
        /// What was changed of its migration because it did not converge, and why.
        package var adjustments: [String]?
        /// Of a step whose guest stays where it is: what is done to it; nil of a migration.
        package var mode: Step.Mode?

        private enum CodingKeys: String, CodingKey {
            case id, domain, uuid, source, target, goal, state, attempts, mode
            case startedAt = "started_at"
            case endedAt = "ended_at"
            case observed, estimate, error, note, adjustments
        }
    }

    /// A guest that is down on its host by this run.
    package struct StoppedReport: Encodable {
        package var domain: String
        package var uuid: DomainID
        package var host: HostName
        package var mode: Step.Mode
    }

    package var run: RunID
    package var state: String
    /// True where its process was killed before it ended; nil otherwise.
    package var killed: Bool?
    package var kind: MigrationPlan.Kind
    package var reason: String?
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    package var plan: MigrationPlan
    package var steps: [StepReport]
    /// Guests that it stopped and that no run has started since; nil where there are none.
    package var stopped: [StoppedReport]?

    private enum CodingKeys: String, CodingKey {
        case stopped, run, state, killed, kind, reason
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case plan, steps
    }

    package init(run: RunID, state: RunState, isKilled: Bool = false) {
        self.run = run
        self.state = state.outcome?.state.rawValue ?? "running"
        killed = isKilled ? true : nil
        kind = state.kind
        reason = state.outcome?.reason ?? state.stopReason
        startedAt = state.startedAt
        endedAt = state.endedAt
        plan = state.original
        steps = state.steps.map(Self.report)
        let down = state.stopped.map { step, guest in
            StoppedReport(
                domain: step.domainName, uuid: guest.domain, host: guest.host, mode: step.mode)
        }
        stopped = down.isEmpty ? nil : down
    }

    private static func report(_ state: RunState.StepState) -> StepReport {
        var report = StepReport(
            id: state.step.id, domain: state.step.domainName, uuid: state.step.move.domain,
            source: state.step.move.source, target: state.step.move.target, goal: state.goal,
            state: state.status.word, attempts: state.attempts, startedAt: state.startedAt,
            endedAt: state.endedAt, estimate: state.step.estimate, error: state.error)
        if state.step.mode.isInPlace { report.mode = state.step.mode }
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

/// A run in a list of all, also one that cannot be read.
package enum ListedRun: Encodable {
    case readable(RunReport)
    case unreadable(UnreadableReport)
    case reboot(RebootReport)

    package var run: RunID {
        switch self {
        case .readable(let report): report.run
        case .unreadable(let report): report.run
        case .reboot(let report): report.run
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .readable(let report): try report.encode(to: encoder)
        case .unreadable(let report): try report.encode(to: encoder)
        case .reboot(let report): try report.encode(to: encoder)
        }
    }
}

/// As much of a run as is known without its records.
package struct UnreadableReport: Encodable {
    package var run: RunID
    package var state = "unreadable"
    package var kind: String
    package var hosts: [HostName]
    package var reason: String
    package var startedAt: Timestamp

    private enum CodingKeys: String, CodingKey {
        case run, state, kind, hosts, reason
        case startedAt = "started_at"
    }

    init(_ run: UnreadableRun) {
        self.run = run.run
        kind = run.kind
        hosts = run.hosts
        reason = run.reason
        startedAt = run.createdAt
    }
}
