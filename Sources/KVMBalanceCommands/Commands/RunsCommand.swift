import ArgumentParser
import ClusterModel
import Execution
import Operations
import Persistence
import Rendering

/// `kvmbalance runs …`: what was done, and what a crash left undone.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract:
            "Runs: list, show, watch, stop, abort, resume, roll back, archive; accuracy of "
            + "estimates.",
        subcommands: [
            RunsListCommand.self, RunsShowCommand.self, RunsWatchCommand.self,
            RunsStopCommand.self, RunsAbortCommand.self, RunsResumeCommand.self,
            RunsRollbackCommand.self, RunsArchiveCommand.self, RunsAccuracyCommand.self,
        ])
}

/// `kvmbalance runs list`.
struct RunsListCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "All runs, newest first.")
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        let service = try composition.runs()
        let reboots = try await composition.reboots().reports()
        if isJSON {
            let all = try await service.reports() + reboots.map { .reboot($0) }
            try Console.outJSON(all.sorted { $0.run > $1.run })
            return .done
        }
        var table = Table(">RUN", "KIND", "HOSTS", "STATE", "STARTED", ">MOVED", "REASON")
        let driver = service.driver
        var rows = try await service.summaries().map { run in
            (
                run.run,
                [
                    run.run.description, run.kind.rawValue, hosts(run.hosts),
                    run.outcome?.state.rawValue
                        ?? (driver?.drives(run.run) == true ? "running" : "killed"),
                    run.startedAt?.description ?? "-", "\(run.moved)/\(run.meant)",
                    run.outcome?.reason ?? run.stopReason ?? "",
                ]
            )
        }
        rows += reboots.map { reboot in
            (
                reboot.run,
                [
                    reboot.run.description, reboot.kind, hosts(reboot.hosts.map(\.host)),
                    reboot.killed == true ? "killed" : reboot.state,
                    reboot.startedAt?.description ?? "-", "-",
                    ([reboot.line] + [reboot.reason].compactMap(\.self)).joined(separator: ": "),
                ]
            )
        }
        rows += try await service.unreadableRuns().map { run in
            (
                run.run,
                [
                    run.run.description, run.kind, hosts(run.hosts), "unreadable",
                    run.createdAt.description, "-", run.reason,
                ]
            )
        }
        for (_, cells) in rows.sorted(by: { $0.0 > $1.0 }) { table.add(cells) }
        Console.out(table.isEmpty ? "There are no runs." : table.text)
        return .done
    }

    private func hosts(_ hosts: [HostName]) -> String {
        hosts.inNaturalOrder.map(\.rawValue).joined(separator: ",")
    }
}

/// `kvmbalance runs show RUN`.
struct RunsShowCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One run: its steps, predicted against observed.")
    @Argument(help: "The run's number, from 'runs list'.", completion: FleetCompletion.run)
    var run: Int64
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        let reboots = try composition.reboots()
        if try await reboots.contains(RunID(run)) {
            try show(try await reboots.report(RunID(run)))
        } else {
            try show(try await composition.runs().report(RunID(run)))
        }
        return .done
    }
}

/// Which run, under which policy, and what may be done without a question.
struct UnfinishedRunOptions: ParsableArguments {
    @Argument(help: "The run's number.", completion: FleetCompletion.unfinishedRun) var run: Int64
    @Option(
        help: "Policy file, if the one the run was planned with has moved.",
        completion: FleetCompletion.yaml)
    var policy: String?
    @OptionGroup var acting: ActingOptions
}

/// A command that resumes a run that did not end.
protocol TakeUpCommand: FleetCommand {
    var unfinished: UnfinishedRunOptions { get }
}

extension TakeUpCommand {
    /// Shows what is left, or the way back, asks, and does it; nil is the run's own goal.
    func takeUp(to goal: RunGoal?) async throws -> Exit {
        let composition = try Composition(options)
        try composition.admitConnections()
        let acting = unfinished.acting
        var declined = Exit.failed
        let ending = try await composition.runs().takeUp(
            RunID(unfinished.run), to: goal, policy: unfinished.policy, isAsked: !acting.yes
        ) { rest in
            if acting.dryRun {
                try show(rest)
                declined = rest.plan?.outcome == .infeasible ? .infeasible : .done
                return false
            }
            return try Consent(isGranted: acting.yes, isJSON: isJSON).isGiven(
                to: rest.text(width: Console.width), rest.question, else: document(of: rest))
        }
        guard let ending else { return declined }
        return try show(ending, composition.flags)
    }

    private func show(_ rest: RunRest) throws {
        let text = rest.text(width: Console.width)
        if isJSON {
            Console.err(text)
            try Console.outJSON(document(of: rest))
        } else {
            Console.out(text)
        }
    }

    private func document(of rest: RunRest) -> any Encodable {
        if let plan = rest.plan { return plan }
        return RunReport(run: rest.run, state: rest.state)
    }
}

/// `kvmbalance runs resume RUN`.
struct RunsResumeCommand: TakeUpCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract:
            "Resume a run that was killed, stopped or halted: show the rest, ask, run it.")
    @OptionGroup var unfinished: UnfinishedRunOptions
    @Flag(help: "Of a rolling reboot: run its command once more on hosts it did not reboot.")
    var runAgain = false
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        let (reboots, run) = (try composition.reboots(), RunID(unfinished.run))
        guard try await reboots.contains(run) else {
            if runAgain { throw CommandError("--run-again is for rolling reboots: leave it out") }
            return try await takeUp(to: nil)
        }
        try composition.admitConnections()
        let acting = unfinished.acting
        var declined = Exit.failed
        let result = try await reboots.takeUp(
            run, policy: unfinished.policy, runsAgain: runAgain
        ) { proposal in
            let text = RebootProposalText(proposal, composition.flags, Console.width)
            guard acting.dryRun else {
                return try Consent(isGranted: acting.yes, isJSON: isJSON).isGiven(
                    to: text.text, text.question, else: text.document)
            }
            if isJSON { try Console.outJSON(text.document) } else { Console.out(text.text) }
            declined = .done
            return false
        }
        return try show(result, composition.flags, else: declined)
    }
}

/// `kvmbalance runs rollback RUN`.
struct RunsRollbackCommand: TakeUpCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract:
            "Return every domain of a run to its original host: show the steps, ask, run them.")
    @OptionGroup var unfinished: UnfinishedRunOptions
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        if try await Composition(options).reboots().contains(RunID(unfinished.run)) {
            throw CommandError(
                "run \(unfinished.run) is a rolling reboot, which has no way back: its guests "
                    + "return by kvmbalance return HOST, or by a rollback of one of its runs "
                    + "(kvmbalance runs show \(unfinished.run)\(CommandFlags(options).config))")
        }
        return try await takeUp(to: .rollback)
    }
}

/// `kvmbalance runs abort RUN`.
struct RunsAbortCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort",
        abstract: "Stop a run at once: abort its migrations, start nothing new.")
    @Argument(help: "The run's number.", completion: FleetCompletion.openRun) var run: Int64
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        if try await composition.reboots().contains(RunID(run)) {
            let report = try await composition.reboots().abort(RunID(run))
            if let report { try show(report) }
            return .done
        }
        switch try await composition.runs().abort(RunID(run)) {
        case .told(let report):
            if isJSON { try show(report) }
            return .done
        case .ended(let ending): return try show(ending, composition.flags)
        case .givenUp(let run, let reason):
            Console.err("Run \(run): \(reason)")
            return .done
        }
    }
}
