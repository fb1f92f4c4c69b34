import ArgumentParser
import ClusterModel
import Operations
import Rendering

/// `kvmbalance hosts baseline`: the CPU that guests can have on every host.
struct HostsBaselineCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline",
        abstract: "Which CPU model fits all hosts, and which guests must be restarted for it.",
        discussion: """
            A guest keeps the CPU that it was started with. Those that have one which not every \
            host can give are listed, with the hosts that cannot. Nothing is changed.
            """)

    @Option(
        help: "Ask this saved snapshot instead of the hosts; libvirt is then not asked.",
        completion: FleetCompletion.anyFile)
    var snapshot: String?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let choices = PlanningChoices(
            policy: nil, snapshot: snapshot, seed: 0, bestEffort: false, migration: { $0 })
        let plans = try await Composition(options).plans(choices, snapshot: snapshot)
        let text = CPUBaselineText(try await plans.cpuBaseline(), width: Console.width)
        if isJSON { try Console.outJSON(text.document) } else { Console.out(text.text) }
        return .done
    }
}
