package import ClusterModel
import Operations

/// Why each step of a plan is there, and why other domains stay.
package struct ExplanationText {
    private let plan: MigrationPlan
    private let domain: String?
    private let width: Int?

    /// `domain` is the only one that is asked about; nil is all.
    package init(_ plan: MigrationPlan, of domain: String?, width: Int?) {
        self.plan = plan
        self.domain = domain
        self.width = width
    }

    /// The plan with what concerns the domain.
    package var part: MigrationPlan {
        var part = plan
        part.steps = plan.steps.filter { domain == nil || $0.domainName == domain }
        part.blockers = plan.blockers.filter { domain == nil || $0.domain == domain }
        return part
    }

    package var text: String {
        let part = self.part
        let notes = self.notes
        var lines: [String] = []
        if domain == nil, let purpose = plan.purpose {
            lines.append(
                "made by the timer, \(ObservationText.text(purpose.overSeconds)): \(purpose.reason)"
            )
        }
        for step in part.steps {
            lines.append(
                "step \(step.id): \(step.domainName) \(step.move.source) -> \(step.move.target)")
            lines.append("  \(step.rationale)")
            if let effect = step.effect { lines.append("  " + Self.text(effect)) }
        }
        lines += notes
        for blocker in part.blockers {
            lines.append(
                "\(blocker.domain ?? blocker.host?.rawValue ?? "the plan"): \(blocker.detail)")
            lines.append("  remedy: \(blocker.remedy)")
        }
        lines = lines.map(Format.oneLine)
        if domain == nil, let conflict = plan.conflict {
            lines.append(ConflictText(conflict: conflict, width: width).text)
        }
        if part.steps.isEmpty && part.blockers.isEmpty && notes.isEmpty {
            lines.append(
                domain.map {
                    Format.oneLine(
                        "'\($0)' is neither moved nor blocked here: it stays, or there is no "
                            + "domain of that name.")
                } ?? "Nothing to do.")
        }
        return lines.joined(separator: "\n")
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
    private var notes: [String] {
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
}
