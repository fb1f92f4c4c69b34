import ArgumentParser
import ClusterModel
import Operations
import Rendering

/// `kvmbalance headroom`: what the fleet has room for beyond what runs.
struct HeadroomCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "headroom",
        abstract: "Which host's loss would not fit, and how many more guests would.",
        discussion: """
            A host's loss fits where the others have room for its guests, placed one after the \
            other, the biggest first, and nobody moved to make room. With a size it is counted how \
            many more guests of it fit; with 'nPlusOne' in the policy only as many as leave that \
            as it is. Nothing is started, moved or reserved. Exit code 0, whatever it finds.
            """)

    @OptionGroup var size: GuestSizeOptions
    @Option(
        help: "The policy file (default: the fleet file's, or the built-in one).",
        completion: FleetCompletion.yaml)
    var policy: String?
    @Option(
        help: "Ask this saved snapshot instead of the hosts as they are.",
        completion: FleetCompletion.anyFile)
    var snapshot: String?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let wish =
            size.like == nil && size.vcpus == nil && size.memory == nil ? nil : try size.wish()
        let choices = PlanningChoices(
            policy: policy, snapshot: snapshot, seed: 0, bestEffort: false, migration: { $0 })
        let plans = try await Composition(options).plans(choices, snapshot: snapshot)
        let text = HeadroomText(try await plans.headroom(for: wish), width: Console.width)
        if isJSON { try Console.outJSON(text.document) } else { Console.out(text.text) }
        return .done
    }
}
