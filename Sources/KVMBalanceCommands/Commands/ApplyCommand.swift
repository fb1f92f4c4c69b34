import ArgumentParser
import ClusterModel
import Operations

/// `kvmbalance apply PLAN`: runs a saved plan, if the world still is the one it was made for.
struct ApplyCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Carry out a saved plan.")

    @Argument(
        help: "A plan saved with 'plan … --save'.", completion: FleetCompletion.anyFile)
    var file: String
    @OptionGroup var acting: ActingOptions
    @Option(
        help: "The policy to check it under (default: the fleet file's).",
        completion: FleetCompletion.yaml)
    var policy: String?
    @Flag(help: "Required for a plan that switches off libvirt's storage safety check.")
    var unsafe = false
    @Option(
        help: """
            Use these options of the plan although the policy is stricter (comma-separated, as the \
            refusal lists them).
            """)
    var acceptPlanOptions: String?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        try composition.admitConnections()
        let plan = try PlanFile.read(file, for: composition.fleet)
        guard plan.outcome == .plan else {
            throw CommandError(
                "\(file) has no plan to carry out, its outcome is '\(plan.outcome.rawValue)': see "
                    + "'kvmbalance explain \(file)'")
        }
        guard !plan.options.unsafe || self.unsafe else {
            throw CommandError(
                "\(file) switches libvirt's storage safety check off (options.unsafe), and guests "
                    + "can be corrupted: plan again without it, or add --unsafe if you know "
                    + "why it is there")
        }
        let plans = try await PlanService(
            composition.observer, composition.policies, policy: policy, plan: plan)
        var flags = composition.flags
        if let policy { flags.planning = " --policy \(policy.quotedForShell)" + flags.planning }
        try await plans.refuseLooser(
            plan, from: file,
            accepting: acceptPlanOptions?.split(separator: ",").map(String.init) ?? [], flags)
        let operation = GoalOperation(plans: plans, runs: try composition.runs())
        let result = try await operation.apply(plan, from: file, isShownOnly: acting.dryRun) {
            try agreed(to: $0, acting)
        }
        return try show(result, composition.flags)
    }
}
