import ClusterModel

/// Targets are reachable, open and different machines; nothing is sent to a host that is drained.
enum TargetCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        subject.plan.steps.flatMap { step -> [Violation] in
            guard let target = subject.hosts[step.move.target],
                let source = subject.hosts[step.move.source]
            else { return [] }
            var found: [Violation] = []
            let add = { (text: String) in
                found.append(Violation(.target, step: step.id, host: target.name, text))
            }
            if !target.isReachable { add("it is unreachable") }
            if target.inMaintenance, !subject.isHome(target.name) { add("it is in maintenance") }
            if subject.plan.kind == .drain, subject.plan.hosts.contains(target.name) {
                add("it is being drained")
            }
            if let uuid = target.facts?.uuid, uuid == source.facts?.uuid {
                add("it has the host UUID of \(source.name)")
            }
            let domain = subject.domains[step.move.domain]
            if domain?.facts.otherDefinitions?.contains(target.name) == true {
                add("it has another definition of \(step.domainName)")
            }
            return found
        }
    }
}
