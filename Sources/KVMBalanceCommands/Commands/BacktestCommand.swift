import ArgumentParser
import ClusterModel
import History
import Operations
import PlacementPolicy
import Rendering
import Replay

/// `kvmbalance backtest`: what each policy would have done on the fleet's own history.
struct BacktestCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "What each policy would have done on the recorded metrics, side by side.")

    @Option(help: "Start: a date (2026-11-21) or an age (7d).") var since: String
    @Option(help: "End: a date or an age (default: now).") var until: String?
    @Option(
        help: "A policy file; may be given several times (default: the fleet file's).",
        completion: FleetCompletion.yaml)
    var policy: [String] = []
    @Option(
        help: "Write a page with plots to this file.", completion: FleetCompletion.anyFile)
    var html: String?
    @Flag(help: "Write over the file of --html if it is there already.") var force = false
    @Option(help: "Seed of the planner.") var seed: UInt64 = 0
    @OptionGroup var change: WhatIfOptions
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        if let html { try TextFile.refuseExisting([html], isForced: force) }
        let composition = try Composition(options)
        let (start, end) = try HistoryTime.span(
            since: since, until: until, now: composition.now())
        let recorded = try await HistoryReader(composition.fleet, composition.stores)
            .world(from: start, to: end)
        let world = try change.whatIf.applied(to: recorded)
        let policies =
            policy.isEmpty
            ? [try composition.policies.policy(nil)]
            : try policy.map { try composition.policies.policy($0) }
        let reports = ReplayReport.sideBySide(world, policies, seed: seed)
        let document = BacktestDocument(of: world, reports)
        if let html {
            try TextFile.write(BacktestPage(document, world).text, to: html)
            Console.errLine("wrote \(html)")
        }
        if isJSON {
            try Console.outJSON(document)
        } else {
            Console.out(
                "\(document.from) to \(document.to): \(Format.plural(document.domains, "domain"))"
                    + " on \(Format.plural(document.hosts, "host"))\n"
                    + ReplayTable.text(reports))
        }
        return .done
    }
}
