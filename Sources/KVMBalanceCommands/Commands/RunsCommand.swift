import ArgumentParser
import ClusterModel
import Execution

/// `kvmbalance runs …`: what was done, and what a crash left undone.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Runs: list, show, resume, roll back, abort; accuracy of estimates.",
        subcommands: [
            RunsListCommand.self, RunsShowCommand.self, RunsResumeCommand.self,
            RunsRollbackCommand.self, RunsAbortCommand.self, RunsAccuracyCommand.self,
        ])
}

/// `kvmbalance runs list`.
struct RunsListCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "All runs, newest first.")
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let reports = try await RunService(try Composition(options), isJSON: isJSON).reports()
        if isJSON {
            try Console.outJSON(reports)
            return .done
        }
        var table = Table(">RUN", "KIND", "HOSTS", "STATE", "STARTED", ">MOVED", "REASON")
        for report in reports {
            table.add(
                report.run.description, report.kind.rawValue,
                report.plan.hosts.inNaturalOrder.map(\.rawValue).joined(separator: ","),
                report.state,
                report.startedAt?.description ?? "-", report.moved,
                report.reason ?? "")
        }
        Console.out(table.isEmpty ? "There are no runs." : table.text)
        return .done
    }
}

/// `kvmbalance runs show RUN`.
struct RunsShowCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One run: its steps, predicted against observed.")
    @Argument(help: "The run's number, from 'runs list'.") var run: Int64
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let service = try RunService(try Composition(options), isJSON: isJSON)
        try service.show(try await service.report(RunID(run)))
        return .done
    }
}

/// `kvmbalance runs resume RUN`.
struct RunsResumeCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract:
            "Resume a run that was killed, stopped or halted: show the rest, ask, run it.")
    @Argument(help: "The run's number.") var run: Int64
    @Option(help: "Policy file, if the one the run was planned with has moved.")
    var policy: String?
    @OptionGroup var acting: ActingOptions
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        try await RunService(try Composition(options), isJSON: isJSON).takeUp(
            RunID(run), to: nil, policy: policy, acting)
    }
}

/// `kvmbalance runs rollback RUN`.
struct RunsRollbackCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract:
            "Return every domain of a run to its original host: show the steps, ask, run them.")
    @Argument(help: "The run's number.") var run: Int64
    @Option(help: "Policy file, if the one the run was planned with has moved.")
    var policy: String?
    @OptionGroup var acting: ActingOptions
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        try await RunService(try Composition(options), isJSON: isJSON)
            .takeUp(RunID(run), to: .rollback, policy: policy, acting)
    }
}

/// `kvmbalance runs abort RUN`.
struct RunsAbortCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort",
        abstract: "Stop a run at once: abort its migrations, start nothing new.")
    @Argument(help: "The run's number.") var run: Int64
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        try await RunService(try Composition(options), isJSON: isJSON).abort(RunID(run))
    }
}
