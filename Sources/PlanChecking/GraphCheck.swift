import ClusterModel

/// The graph of steps: numbers are unique, waits exist, nothing waits in a circle, and the steps of
/// one domain follow each other from host to host.
enum GraphCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        var found: [Violation] = []
        var seen: Set<StepID> = []
        for step in subject.plan.steps {
            if !seen.insert(step.id).inserted {
                found.append(Violation(.graph, step: step.id, "the number is used twice"))
            }
            for wait in step.after where subject.steps[wait] == nil {
                found.append(
                    Violation(
                        .graph, step: step.id,
                        "waits for step \(wait), which is not in the plan"))
            }
        }
        for step in subject.plan.steps where subject.ancestors(of: step).contains(step.id) {
            found.append(Violation(.graph, step: step.id, "waits for itself in a circle"))
        }
        guard found.isEmpty else { return found }
        for id in Set(subject.plan.steps.map(\.move.domain)).sorted() {
            found += chain(of: id, subject)
        }
        return found
    }

    private static func chain(of id: DomainID, _ subject: CheckedCase) -> [Violation] {
        let steps = subject.steps(of: id)
        return zip(steps, steps.dropFirst()).compactMap { earlier, later in
            guard subject.ancestors(of: later).contains(earlier.id) else {
                return Violation(
                    .graph, step: later.id,
                    "\(later.domainName) also moves in step \(earlier.id), and neither waits")
            }
            guard earlier.move.target == later.move.source else {
                return Violation(
                    .graph, step: later.id,
                    "leaves \(later.move.source), but step \(earlier.id) brings the domain to "
                        + "\(earlier.move.target)")
            }
            return nil
        }
    }
}
