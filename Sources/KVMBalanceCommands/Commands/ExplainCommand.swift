import ArgumentParser
import ClusterModel
import Execution
import Operations
import Rendering

/// `kvmbalance explain PLAN|RUN [DOMAIN]`: why each step, and what blocks the others.
struct ExplainCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "The reason for each step of a plan or run, and why other domains stay.")
    @Argument(help: "A saved plan, or a run's number.", completion: FleetCompletion.run)
    var subject: String
    @Argument(help: "Only this domain.", completion: FleetCompletion.domain) var domain: String?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let text = ExplanationText(try await plan(), of: domain, width: Console.width)
        if isJSON { try Console.outJSON(text.part) } else { Console.out(text.text) }
        return .done
    }

    private func plan() async throws -> MigrationPlan {
        guard let number = Int64(subject) else {
            return try PlanFile.read(subject)
        }
        return try await Composition(options).runs()
            .state(of: RunID(number)).plan
    }
}
