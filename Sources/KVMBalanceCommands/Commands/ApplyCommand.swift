import ArgumentParser
import ClusterModel
import Persistence

/// `kvmbalance apply PLAN`: runs a saved plan, if the world still is the one it was made for.
struct ApplyCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Carry out a saved plan.")

    @Argument(help: "A plan saved with 'plan … --save'.") var file: String
    @OptionGroup var acting: ActingOptions
    @Option(help: "The policy to check it under (default: the fleet file's).") var policy: String?
    @Flag(help: "Required for a plan that switches off libvirt's storage safety check.")
    var unsafe = false
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        let plan = try PlanFile.read(file, for: composition.fleet)
        guard plan.outcome == .plan else {
            throw CommandError(
                "\(file) has no plan to carry out, its outcome is '\(plan.outcome.rawValue)': see "
                    + "'kvmbalance explain \(file)'")
        }
        guard !plan.options.unsafe || self.unsafe else {
            throw CommandError(
                "\(file) switches libvirt's storage safety check off (options.unsafe), and guests can "
                    + "be corrupted: plan again without it, or add --unsafe if you know "
                    + "why it is there")
        }
        let service = try PlanService(composition, policy: policy, plan: plan)
        let runner = try RunService(composition, isJSON: isJSON)
        let lock = try runner.lockFleet("apply \(file)")
        defer { lock.release() }
        try await runner.refuseUnfinishedRun()
        try await service.recheck(plan, from: file)
        if acting.dryRun { return try show(plan, save: nil) }
        guard try agreed(to: plan, acting) else { return .failed }
        return try await runner.start(
            plan, goal: service.goal(of: plan), service: service, lock: lock)
    }
}
