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
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let plan = try JSON.read(MigrationPlan.self, from: file)
        guard plan.outcome == .plan else {
            throw CommandError("\(file) holds no plan to carry out: \(plan.outcome.rawValue)")
        }
        let composition = try Composition(options)
        let service = try PlanService(composition, policy: policy, plan: plan)
        let runner = try RunService(composition, isJSON: isJSON)
        let lock = try runner.lockFleet("apply \(file)")
        defer { lock.release() }
        try await runner.refuseUnfinishedRun()
        try await service.recheck(plan, from: file)
        if !isJSON { Console.out(PlanText(plan: plan).text) }
        if acting.dryRun { return .done }
        guard acting.yes || confirmed(plan) else {
            throw CommandError(
                "nothing was done. Add --yes to go on without being asked.", exit: .failed)
        }
        return try await runner.start(plan, goal: service.goal(of: plan), service: service)
    }
}
