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
        let plan = try await self.plan()
        let steps = plan.steps.filter { domain == nil || $0.domainName == domain }
        let blockers = plan.blockers.filter { domain == nil || $0.domain == domain }
        if isJSON {
            var part = plan
            (part.steps, part.blockers) = (steps, blockers)
            try Console.outJSON(part)
            return .done
        }
        if domain == nil, let purpose = plan.purpose {
            Console.line(
                "made by the timer, \(ObservationText.text(purpose.overSeconds)): \(purpose.reason)"
            )
        }
        for step in steps {
            Console.line(
                "step \(step.id): \(step.domainName) \(step.move.source) -> \(step.move.target)")
            Console.line("  \(step.rationale)")
            if let effect = step.effect { Console.line("  " + Self.text(effect)) }
        }
        let notes = self.notes(of: plan)
        for note in notes { Console.line(note) }
        for blocker in blockers {
            Console.line(
                "\(blocker.domain ?? blocker.host?.rawValue ?? "the plan"): \(blocker.detail)")
            Console.line("  remedy: \(blocker.remedy)")
        }
        if domain == nil, let conflict = plan.conflict {
            Console.out(ConflictText(conflict: conflict, width: Console.width).text)
        }
        if steps.isEmpty && blockers.isEmpty && notes.isEmpty {
            Console.line(
                domain.map {
                    "'\($0)' is neither moved nor blocked here: it stays, or there is "
                        + "no domain of that name."
                }
                    ?? "Nothing to do.")
        }
        return .done
    }

    /// `serves drain: busiest host memory 80 % -> 75 %`, figures that stay left out.
    private static func text(_ effect: StepEffect) -> String {
        let changes = effect.after.keys.sorted().compactMap { name -> String? in
            guard name != "moves", let before = effect.before[name], let after = effect.after[name],
                before != after
            else { return nil }
            // Figures are named with their unit, and those without are counts.
            let unit = name.hasSuffix("_percent") ? " %" : ""
            let words = name.replacing("_percent", with: "").replacing("_", with: " ")
            return "\(words) \(Format.number(before))\(unit) -> \(Format.number(after))\(unit)"
        }
        let figures =
            changes.isEmpty ? "peak load unchanged" : changes.joined(separator: ", ")
        return "effect for \(effect.serves): \(figures)"
    }

    /// Hosts that are not used and domains that stay, with the constraint that binds.
    private func notes(of plan: MigrationPlan) -> [String] {
        let hosts = domain == nil ? plan.unused : []
        let staying = plan.staying.filter { note in domain.map(note.names.contains) ?? true }
        return hosts.map {
            "not used: \(Self.list($0.names.inNaturalOrder { $0 })): \($0.reason)"
        }
            + staying.map { note in
                "stays: \(domain ?? Self.list(note.names)): \(note.reason)"
            }
    }

    private static func list(_ names: [String]) -> String {
        names.count <= 6
            ? names.joined(separator: ", ")
            : names.prefix(5).joined(separator: ", ") + " and \(names.count - 5) more"
    }

    private func plan() async throws -> MigrationPlan {
        guard let number = Int64(subject) else {
            return try PlanFile.read(subject)
        }
        return try await Composition(options).runs()
            .state(of: RunID(number)).plan
    }
}
