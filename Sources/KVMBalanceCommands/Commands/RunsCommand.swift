import ArgumentParser
import ClusterModel
import Execution
import Persistence

/// `kvmbalance runs …`: what was done, and what a crash left undone.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Runs: list, show, resume, roll back, abort; how good estimates were.",
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
        let service = try RunService(try Composition(options), isJSON: isJSON)
        if isJSON {
            try Console.outJSON(try await service.reports())
            return .done
        }
        var table = Table(">RUN", "KIND", "HOSTS", "STATE", "STARTED", ">MOVED", "REASON")
        for run in try await service.journal.summaries() {
            table.add(
                run.run.description, run.kind.rawValue,
                run.hosts.inNaturalOrder.map(\.rawValue).joined(separator: ","),
                run.outcome?.state.rawValue ?? "running",
                run.startedAt?.description ?? "-", "\(run.moved)/\(run.meant)",
                run.outcome?.reason ?? run.stopReason ?? "")
        }
        Console.out(table.isEmpty ? "No run yet." : table.text)
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
            "Go on with a run that was killed, stopped or halted: show what is left, ask, do it.")
    @Argument(help: "The run's number.") var run: Int64
    @Option(help: "The policy to plan under, if the file it was planned under lies elsewhere now.")
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
        abstract: "Bring every domain of a run back to where it was: show the way, ask, do it.")
    @Argument(help: "The run's number.") var run: Int64
    @Option(help: "The policy to plan under, if the file it was planned under lies elsewhere now.")
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
        abstract: "Stop a run at once: its migrations are aborted, nothing new starts.")
    @Argument(help: "The run's number.") var run: Int64
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        try await RunService(try Composition(options), isJSON: isJSON).abort(RunID(run))
    }
}
