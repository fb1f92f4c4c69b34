import ArgumentParser
import Execution
import Operations

/// `kvmbalance runs watch [RUN]`.
struct RunsWatchCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow a run from any terminal to its end; ends with the run's exit code.",
        discussion: """
            Ctrl-C ends the watching, not the run: to end that, 'runs stop' or 'runs abort'.
            """)
    @Argument(
        help: "The run's number (default: the one under way, else the last).",
        completion: FleetCompletion.run)
    var run: Int64?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        let reboots = try composition.reboots()
        if let reboot = try await reboots.watched(run.map { RunID($0) }) {
            let (report, exit) = try await reboots.watch(reboot)
            try show(report)
            return exit
        }
        let ending = try await composition.runs().watch(run.map { RunID($0) })
        return try show(ending, composition.flags)
    }
}

/// `kvmbalance runs stop RUN`.
struct RunsStopCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Start no new migration of a run, as Ctrl-C once: the running ones end.")
    @Argument(help: "The run's number.", completion: FleetCompletion.openRun) var run: Int64
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        let reboots = try composition.reboots()
        if try await reboots.contains(RunID(run)) {
            let report = try await reboots.stop(RunID(run))
            if isJSON { try show(report) }
            return .done
        }
        let report = try await composition.runs().stop(RunID(run))
        if isJSON { try show(report) }
        return .done
    }
}
