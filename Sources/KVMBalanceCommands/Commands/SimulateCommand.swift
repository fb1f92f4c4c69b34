import ArgumentParser
import ClusterModel
import History
import Operations
import PlacementPolicy

/// `kvmbalance simulate DIR…`: recorded folders again, with another policy or a changed world.
struct SimulateCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Replay recordings in simulated time, with optional what-ifs.",
        discussion: """
            The real planner decides as the timer would, migrations take the time it expects, and \
            each domain has its recorded demand. No real host is contacted.
            """)

    @Argument(help: "Folders as 'record' writes them.") var folders: [String]
    @Option(help: "Policy file (default: the folder's, else the built-in one).")
    var policy: [String] = []
    @Option(help: "Seed of the planner.") var seed: UInt64 = 0
    @Flag(help: "Summary only, without the list of events.") var brief = false
    @OptionGroup var change: WhatIfOptions
    @OptionGroup var options: GlobalOptions

    /// What JSON says of one folder.
    struct Played: Encodable {
        var folder: String
        var runs: [ReplayReport]
    }

    func execute() async throws -> Exit {
        var played: [Played] = []
        for path in folders {
            let folder = HistoryFolder(path: path)
            let world = try change.whatIf.applied(to: try folder.read())
            let policies = try policies(folder)
            let reports = ReplayReport.sideBySide(world, policies, seed: seed)
            played.append(Played(folder: path, runs: reports))
        }
        if isJSON {
            try Console.outJSON(played)
        } else {
            Console.out(played.map { Self.text($0, brief: brief) }.joined(separator: "\n\n"))
        }
        return .done
    }

    private func policies(_ folder: HistoryFolder) throws -> [Policy] {
        guard policy.isEmpty else { return try policy.map(FleetPolicies.read) }
        return [try folder.policy() ?? .default]
    }

    static func text(_ played: Played, brief: Bool) -> String {
        var lines = ["# \(played.folder)"]
        if !brief {
            for report in played.runs.dropFirst() {
                lines.append("## under '\(report.policy)'")
                lines += report.story.isEmpty ? ["nothing is moved"] : report.story
            }
        }
        return (lines + [ReplayTable.text(played.runs)]).joined(separator: "\n")
    }
}
