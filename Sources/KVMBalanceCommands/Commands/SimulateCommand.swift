import ArgumentParser
import ClusterModel
import Execution
import Foundation
import History
import Operations
import PlacementPolicy
import Rendering
import Scenarios

/// `kvmbalance simulate DIR…`: scenario folders of both kinds in virtual time. A recorded one is
/// played with another policy or in a changed world; a story of faults is shown line by line.
struct SimulateCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Play scenario folders in simulated time; what-ifs change recorded ones.",
        discussion: """
            A folder with history.csv was recorded: the real planner decides as the timer would, \
            migrations take the time it expects, and each domain has its recorded demand. A folder \
            with faults.yaml is a story of faults: the real executor carries a drain out on simulated \
            hosts. No real host is contacted.
            """)

    @Argument(
        help: "Folders as 'record' writes them, or with a faults.yaml.", completion: .directory)
    var folders: [String]
    @Option(
        help: "Policy file (default: the folder's, else the built-in one).",
        completion: FleetCompletion.yaml)
    var policy: [String] = []
    @Option(help: "Seed of the planner.") var seed: UInt64 = 0
    @Flag(help: "Summary only, without the list of events.") var brief = false
    @OptionGroup var change: WhatIfOptions
    @OptionGroup var options: GlobalOptions

    /// What JSON says of one folder: `runs` of a recorded one, `story` of the other kind.
    struct Played: Encodable {
        var folder: String
        var runs: [ReplayReport] = []
        var story: Story?
    }

    /// A story of faults, line by line, and the rules that it breaks: none, or kvmbalance has a
    /// bug.
    struct Story: Encodable {
        var lines: [String]
        var violations: [String]
        var outcome: String?
        /// It breaks a rule, which is known and not repaired yet.
        var isKnown: Bool
    }

    func execute() async throws -> Exit {
        var played: [Played] = []
        for path in folders {
            let url = URL(fileURLWithPath: path)
            played.append(
                ScenarioFolder.isStory(url) ? try told(path, url) : try replayed(path))
        }
        if isJSON {
            try Console.outJSON(played)
        } else {
            Console.out(played.map { Self.text($0, brief: brief) }.joined(separator: "\n\n"))
        }
        let isBroken = played.contains {
            $0.story.map { !$0.violations.isEmpty && !$0.isKnown } ?? false
        }
        return isBroken ? .failed : .done
    }

    private func replayed(_ path: String) throws -> Played {
        let folder = HistoryFolder(path: path)
        let world = try change.whatIf.applied(to: try folder.read())
        return Played(
            folder: path,
            runs: ReplayReport.sideBySide(world, try policies(folder), seed: seed))
    }

    private func told(_ path: String, _ url: URL) throws -> Played {
        guard change.whatIf.isEmpty else {
            throw CommandError(
                "\(path) is a story of faults: what-if options change recorded folders only. Edit "
                    + "its cluster.yaml and faults.yaml instead")
        }
        guard policy.count <= 1 else {
            throw CommandError("\(path) is a story of faults: it is played under one policy")
        }
        var folder: ScenarioFolder
        do {
            folder = try ScenarioFolder(at: url)
        } catch {
            throw CommandError("\(error)")
        }
        if let file = policy.first { folder.policy = try FleetPolicies.read(file) }
        let end = folder.play()
        let lines = end.story.split(separator: "\n", omittingEmptySubsequences: false)
        return Played(
            folder: path,
            story: Story(
                lines: lines.map(String.init).dropLast(), violations: end.violations,
                outcome: end.outcome?.state.rawValue, isKnown: folder.isKnown))
    }

    private func policies(_ folder: HistoryFolder) throws -> [Policy] {
        guard policy.isEmpty else { return try policy.map(FleetPolicies.read) }
        return [try folder.policy() ?? .default]
    }

    static func text(_ played: Played, brief: Bool) -> String {
        var lines = ["# \(played.folder)"]
        if let story = played.story {
            let end =
                story.outcome.map { "the run is \($0)" } ?? "no run was started, or none ended"
            return (lines + (brief ? [end] : story.lines.map(Format.oneLine)))
                .joined(separator: "\n")
        }
        if !brief {
            for report in played.runs.dropFirst() {
                lines.append("## under '\(report.policy)'")
                lines +=
                    report.story.isEmpty
                    ? ["nothing is moved"] : report.story.map(Format.oneLine)
            }
        }
        return (lines + [ReplayTable.text(played.runs)]).joined(separator: "\n")
    }
}
