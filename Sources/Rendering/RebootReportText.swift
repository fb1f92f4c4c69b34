import ClusterModel
import Execution
package import Operations

/// A rolling reboot that was begun, as people read it.
package struct RebootReportText {
    let report: RebootReport
    /// The flags of the commands that it names (` --config FILE`).
    var flags = ""

    package init(report: RebootReport, flags: String = "") {
        self.report = report
        self.flags = flags
    }

    package var text: String {
        let hosts = report.hosts.map(\.host).inNaturalOrder.map(\.rawValue)
        var lines = [
            Format.oneLine(
                "Run \(report.run): \(report.kind) \(hosts.joined(separator: ", ")): "
                    + (report.killed == true ? "killed" : report.state)
                    + "\(report.reason.map { ": \($0)" } ?? "")"),
            Format.oneLine(report.line),
        ]
        if let startedAt = report.startedAt {
            let took = report.endedAt.map {
                ", took \(Format.duration(milliseconds: $0.millisecondsSince(startedAt)))"
            }
            lines.append("Started \(startedAt)\(took ?? ", not ended")")
        }
        lines += ["", table]
        if !report.returns.isEmpty {
            let runs = report.returns.map { "\($0)" }.joined(separator: ", ")
            lines.append("Guests returned with run \(runs).")
        }
        for host in report.hosts {
            guard let error = host.error else { continue }
            lines.append(Format.oneLine("  \(error)"))
        }
        if let advice { lines += ["", advice] }
        return lines.joined(separator: "\n")
    }

    private var table: String {
        var table = Table("HOST", ">ROUND", "STATE", "RUNS", "CHANGED")
        for host in report.hosts.inNaturalOrder(of: \.host.rawValue) {
            let runs = report.rounds.first { $0.round == host.round }?.runs ?? []
            let changes = host.before.flatMap { before in
                host.after.map { before.changes(to: $0) }
            }
            table.add(
                host.host.rawValue, host.round.map { "\($0)" } ?? "-", host.state,
                runs.isEmpty ? "-" : runs.map { "\($0)" }.joined(separator: ", "),
                changes.map { $0.isEmpty ? "-" : $0.joined(separator: ", ") } ?? "-")
        }
        return table.text
    }

    private var advice: String? {
        let run = report.run
        let resume = "To go on: kvmbalance runs resume \(run)\(flags)"
        let abort = "To give it up, with hosts as they are: kvmbalance runs abort \(run)\(flags)"
        if report.killed == true || report.state == "halted" { return "\(resume)\n\(abort)" }
        switch report.state {
        case "done": return home
        case "running":
            return "To follow it: kvmbalance runs watch \(run)\(flags)\nTo begin no new round: "
                + "kvmbalance runs stop \(run)\(flags)"
        default: return resume
        }
    }

    /// Guests that are elsewhere come back by the command that brings them back after any drain.
    private var home: String? {
        guard report.isAway else { return nil }
        let names = report.hosts.map(\.host).inNaturalOrder
            .map { $0.rawValue.quotedForShell }.joined(separator: " ")
        return "Guests are where they were taken. To bring them back: kvmbalance return "
            + "\(names)\(flags)"
    }
}

/// A rolling reboot that is to be agreed to, as people read it.
package struct RebootProposalText {
    private let proposal: RebootService.Proposal
    private let flags: CommandFlags
    private let width: Int?
    private let isSpare: Bool

    package init(
        _ proposal: RebootService.Proposal, _ flags: CommandFlags, _ width: Int?,
        isSpare: Bool = true
    ) {
        self.proposal = proposal
        self.flags = flags
        self.width = width
        self.isSpare = isSpare
    }

    private var request: RebootRequest { proposal.request }

    package var document: RebootText.Document { schedule.document }

    private var schedule: RebootText {
        var text = RebootText(
            reboot: proposal.schedule, flags: flags, width: width, isSpare: isSpare)
        text.showsCommands = false
        return text
    }

    package var text: String {
        var parts: [String] = []
        if let report = proposal.report {
            parts.append(
                Format.oneLine(
                    "Run \(report.run) (\(report.kind)) goes on: \(report.line)."))
            parts += proposal.notes.map { Format.wrapped($0, indent: 2, width: width) }
        }
        if proposal.schedule.outcome != .nothingToDo { parts.append(schedule.text) }
        parts.append(
            ([deed] + proposal.lines.map { "  $ " + Format.oneLine($0) }).joined(separator: "\n"))
        parts.append(Format.wrapped(rules.joined(separator: " "), indent: 0, width: width))
        return parts.joined(separator: "\n\n")
    }

    package var question: String {
        let hosts = proposal.schedule.rounds.reduce(0) { $0 + $1.hosts.count }
        return proposal.report == nil
            ? "Reboot \(Format.plural(hosts, "host"))?" : "Go on with that?"
    }

    private var deed: String {
        request.command == nil
            ? "When a host is empty, a person reboots it."
            : "When a host is empty, this reboots it:"
    }

    private var rules: [String] {
        let time = Format.duration(milliseconds: request.timeoutSeconds * 1000)
        var rules = ["Each round is planned again from the fleet as it is then."]
        switch request.homecoming {
        case .always: rules.append("Guests return after each round.")
        case .never: rules.append("Guests stay where they were taken.")
        case .end: rules.append("Guests return when all is done; these migrations are not counted.")
        }
        if let hours = request.hours { rules.append("Rounds begin between \(hours) only.") }
        let start = request.command == nil ? " after it went down" : ""
        rules.append("A host that is not back within \(time)\(start) ends it.")
        return rules
    }
}
