import ClusterModel

/// A plan as people read it.
struct PlanText {
    let plan: MigrationPlan

    var text: String {
        var parts = [headline]
        if !plan.steps.isEmpty { parts.append(steps) }
        if let cautions { parts.append(cautions) }
        if !plan.blockers.isEmpty { parts.append(blockers) }
        return parts.joined(separator: "\n\n")
    }

    private var headline: String {
        let hosts = plan.hosts.map(\.rawValue).joined(separator: ", ")
        let subject = hosts.isEmpty ? plan.kind.rawValue : "\(plan.kind.rawValue) \(hosts)"
        switch plan.outcome {
        case .plan:
            let duration = Format.duration(milliseconds: plan.makespanMilliseconds)
            return "Plan: \(subject): \(Format.plural(plan.steps.count, "migration")), "
                + "estimated \(duration) in all."
        case .nothingToDo: return "Plan: \(subject): nothing to do."
        case .infeasible: return "Plan: \(subject): infeasible."
        }
    }

    private var steps: String {
        var table = Table(
            ">STEP", "DOMAIN", "FROM", "TO", "MODE", "AFTER", ">EST. START", ">EST. TIME", "WHY")
        for step in plan.steps {
            let after = step.after.map(\.description).joined(separator: ",")
            table.add(
                step.id.description, step.domainName, step.move.source.rawValue,
                step.move.target.rawValue, step.mode.rawValue, after.isEmpty ? "-" : after,
                Format.duration(milliseconds: step.estimate.startMilliseconds),
                Format.duration(milliseconds: step.estimate.durationMilliseconds),
                step.rationale)
        }
        return table.text
    }

    /// The same caution of many domains is said once.
    private var cautions: String? {
        var domains: [String: [String]] = [:]
        for step in plan.steps {
            for caution in step.cautions { domains[caution, default: []].append(step.domainName) }
        }
        guard !domains.isEmpty else { return nil }
        let lines = domains.sorted { $0.key < $1.key }.map { caution, names in
            "  \(names.joined(separator: ", ")): \(caution)"
        }
        return "Good to know:\n" + lines.joined(separator: "\n")
    }

    private var blockers: String {
        let lines = plan.blockers.map { blocker in
            let object =
                blocker.domain ?? blocker.host.map { "host \($0)" } ?? "the plan as a whole"
            return "  \(object): \(blocker.detail) [\(blocker.reason.rawValue)]\n"
                + "      remedy: \(blocker.remedy)"
        }
        return "Blocked:\n" + lines.joined(separator: "\n")
    }
}
