package import ClusterModel
import Operations

/// A plan as people read it.
package struct PlanText {
    let plan: MigrationPlan
    /// Lines are broken to fit; nil leaves them as long as they are.
    var width: Int?

    package init(plan: MigrationPlan, width: Int? = nil) {
        self.plan = plan
        self.width = width
    }

    package var text: String {
        var parts = [headline]
        if let hostsInUse { parts.append(hostsInUse) }
        if let balance = BalanceText(plan: plan, width: width).text { parts.append(balance) }
        if let pace { parts.append(pace) }
        if let options = PlanOptionsText(plan: plan).text {
            parts.append(Format.wrapped(options, indent: 2, width: width))
        }
        if !plan.steps.isEmpty { parts += [steps, reasons] }
        if let brokenRules { parts.append(brokenRules) }
        if let cautions { parts.append(cautions) }
        if let stays { parts.append(stays) }
        if !plan.blockers.isEmpty { parts.append(plan.blockers.text(width: width)) }
        if let conflict = plan.conflict {
            parts.append(ConflictText(conflict: conflict, width: width).text)
        }
        return parts.joined(separator: "\n\n")
    }

    private var headline: String {
        let subject = Format.oneLine(plan.subject)
        switch plan.outcome {
        case .plan:
            let duration = Format.duration(milliseconds: plan.makespanMilliseconds)
            return "Plan: \(subject): \(plan.migrations), estimated \(duration) in all."
        case .nothingToDo: return "Plan: \(subject): nothing to do."
        case .infeasible: return "Plan: \(subject): infeasible."
        }
    }

    /// How many run at once, which may be fewer than the policy allows where that ends sooner, and
    /// how soon it could end at best.
    private var pace: String? {
        guard plan.steps.count > 1 else { return nil }
        let limits = plan.limits
        let bound = plan.score?.makespanBoundMilliseconds.map {
            $0 < plan.makespanMilliseconds
                ? "; fastest possible: \(Format.duration(milliseconds: $0))"
                : "; no order is faster"
        }
        return Format.wrapped(
            "Concurrency: \(limits.perHost) per host, \(limits.fleet) in all"
                + "\(bound ?? "").", indent: 2, width: width)
    }

    /// What a consolidation comes to.
    private var hostsInUse: String? {
        let figure = "hosts_in_use"
        guard plan.kind == .consolidate, let score = plan.score, let before = score.before[figure],
            let after = score.after[figure]
        else { return nil }
        let bound = score.bound[figure].map {
            " (no plan could do with fewer than \(Format.number($0)))"
        }
        return "Hosts in use: \(Format.number(before)) before, \(Format.number(after)) after"
            + "\(bound ?? "")."
    }

    private var steps: String {
        var table = Table(
            ">STEP", "DOMAIN", "FROM", "TO", "MODE", "AFTER", ">EST. START", ">EST. TIME")
        for step in plan.steps {
            let after = step.after.map(\.description).joined(separator: ",")
            table.add(
                step.id.description, step.domainName, step.move.source.rawValue,
                step.mode.isInPlace ? "-" : step.move.target.rawValue, step.mode.rawValue,
                after.isEmpty ? "-" : after,
                Format.duration(milliseconds: step.estimate.startMilliseconds),
                Format.duration(milliseconds: step.estimate.durationMilliseconds))
        }
        return table.text
    }

    private var reasons: String {
        "Why:\n" + sentences(plan.steps.map { ($0.rationale, $0.domainName) })
    }

    private var cautions: String? {
        let said = plan.steps.flatMap { step in step.cautions.map { ($0, step.domainName) } }
        return said.isEmpty ? nil : "Good to know:\n" + sentences(said)
    }

    /// Preferred rules that it breaks.
    private var brokenRules: String? {
        guard !plan.brokenRules.isEmpty else { return nil }
        let lines = plan.brokenRules.map { rule in
            Format.wrapped("  \(rule.title): \(rule.detail)", indent: 4, width: width)
        }
        return "Preferred rules that this plan breaks:\n" + lines.joined(separator: "\n")
    }

    /// Who stays because the operator said so, or is where it was asked for.
    private var stays: String? {
        guard plan.kind != .balance, !plan.staying.isEmpty else { return nil }
        let lines = plan.staying.map { note in
            Format.wrapped(
                "  \(note.names.joined(separator: ", ")): \(note.reason)", indent: 4, width: width)
        }
        return "Stays:\n" + lines.joined(separator: "\n")
    }

    /// What is the same of many domains is said once, in order of the first of them.
    private func sentences(_ said: [(sentence: String, domain: String)]) -> String {
        var order: [String] = []
        var domains: [String: [String]] = [:]
        for (sentence, domain) in said {
            if domains[sentence] == nil { order.append(sentence) }
            domains[sentence, default: []].append(domain)
        }
        return order.map { sentence in
            let names = domains[sentence, default: []].joined(separator: ", ")
            return Format.wrapped("  \(names): \(sentence)", indent: 4, width: width)
        }.joined(separator: "\n")
    }
}
