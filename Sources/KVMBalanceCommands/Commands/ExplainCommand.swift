import ArgumentParser
import ClusterModel
import Execution

/// `kvmbalance explain PLAN|RUN [DOMAIN]`: why each step, and what blocks the others.
struct ExplainCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Why each step of a plan or run, and what blocks others.")
    @Argument(help: "A saved plan, or a run's number.") var subject: String
    @Argument(help: "Only this domain.") var domain: String?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let plan = try await self.plan()
        let steps = plan.steps.filter { domain == nil || $0.domainName == domain }
        let blockers = plan.blockers.filter { domain == nil || $0.domain == domain }
        if isJSON {
            var part = plan
            (part.steps, part.blockers) = (steps, blockers)
            try Console.outJSON(part)
            return .done
        }
        for step in steps {
            Console.out(
                "step \(step.id): \(step.domainName) \(step.move.source) -> \(step.move.target)")
            Console.out("  \(step.rationale)")
        }
        for blocker in blockers {
            Console.out(
                "\(blocker.domain ?? blocker.host?.rawValue ?? "the plan"): \(blocker.detail)")
            Console.out("  remedy: \(blocker.remedy)")
        }
        if domain == nil, let conflict = plan.conflict {
            Console.out(ConflictText(conflict: conflict, width: Console.width).text)
        }
        if steps.isEmpty && blockers.isEmpty {
            Console.out(
                domain.map {
                    "'\($0)' is neither moved nor blocked here: it stays where it is, or there is "
                        + "no domain of that name."
                }
                    ?? "Nothing to do.")
        }
        return .done
    }

    private func plan() async throws -> MigrationPlan {
        guard let number = Int64(subject) else {
            return try PlanFile.read(subject)
        }
        return try await RunService(try Composition(options), isJSON: isJSON)
            .state(of: RunID(number)).plan
    }
}
