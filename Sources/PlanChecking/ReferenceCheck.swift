import ClusterModel

/// Each step speaks of a domain and of hosts that there are, under their right names.
enum ReferenceCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        subject.plan.steps.flatMap { step in
            var found: [Violation] = []
            let move = step.move
            if let domain = subject.domains[move.domain] {
                if domain.name != step.domainName {
                    found.append(
                        Violation(
                            .reference, step: step.id,
                            "the domain is called \(domain.name), not \(step.domainName)"))
                }
                let isFirst = subject.steps(of: move.domain).first?.id == step.id
                if isFirst, domain.host != move.source {
                    found.append(
                        Violation(
                            .reference, step: step.id,
                            "\(domain.name) is on \(domain.host), not on \(move.source)"))
                }
            } else {
                found.append(
                    Violation(.reference, step: step.id, "no running domain \(move.domain)"))
            }
            for host in [move.source, move.target] where subject.hosts[host] == nil {
                found.append(Violation(.reference, step: step.id, "no host \(host)"))
            }
            if move.source == move.target {
                found.append(Violation(.reference, step: step.id, "leads to where it starts"))
            }
            return found
        }
    }
}
