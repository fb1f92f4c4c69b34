import ClusterModel

/// No host ever has two domains of one name, in any interleaving that the graph allows: libvirt
/// refuses the second, whether one of them runs or not.
///
/// A domain is on a host from the start, or from the start of the step that brings it, until the
/// step that takes it away is done; or for good.
enum NameCheck {
    /// One stay of a domain on a host; nil where no step begins or ends it.
    struct Stay {
        var host: HostName
        var arrival: Step?
        var departure: Step?
    }

    static func violations(_ subject: CheckedCase) -> [Violation] {
        let movers = Set(subject.plan.steps.map(\.move.domain))
        let byName = Dictionary(grouping: subject.snapshot.domains, by: \.name)
        return byName.sorted { $0.key < $1.key }.flatMap { name, domains -> [Violation] in
            let ids = domains.count > 1 ? Set(domains.map(\.id)).sorted() : []
            guard ids.count > 1, ids.contains(where: movers.contains) else { return [] }
            return ids.indices.flatMap { first in
                ids[(first + 1)...].flatMap { second in
                    clashes(ids[first], second, subject).map {
                        Violation(
                            .compatibility, step: $0.id, host: $0.move.target,
                            "it has another domain '\(name)'")
                    }
                }
            }
        }
    }

    /// Steps that bring one of them to where the other can be at that moment.
    private static func clashes(
        _ one: DomainID, _ other: DomainID, _ subject: CheckedCase
    ) -> [Step] {
        stays(of: one, subject).flatMap { own in
            stays(of: other, subject).compactMap { their -> Step? in
                meeting(own, their, subject)
            }
        }
    }

    /// The step that brings one of them to where the other can be at that moment.
    static func meeting(_ own: Stay, _ their: Stay, _ subject: CheckedCase) -> Step? {
        guard own.host == their.host, !isOver(own, before: their, subject),
            !isOver(their, before: own, subject)
        else { return nil }
        return own.arrival ?? their.arrival
    }

    private static func isOver(
        _ stay: Stay, before other: Stay, _ subject: CheckedCase
    ) -> Bool {
        guard let departure = stay.departure, let arrival = other.arrival else { return false }
        return subject.ancestors(of: arrival).contains(departure.id)
    }

    static func stays(of domain: DomainID, _ subject: CheckedCase) -> [Stay] {
        let steps = subject.steps(of: domain)
        var stays: [Stay] = []
        // Where it is, also where it is seen twice or was on its way when the plan was made.
        for place in subject.snapshot.domains where place.id == domain {
            let first = steps.first { $0.move.source == place.host }
            stays.append(Stay(host: place.host, arrival: nil, departure: first))
        }
        for migration in subject.inFlight[domain] ?? [] {
            guard let target = migration.target else { continue }
            stays.append(Stay(host: target, arrival: nil, departure: nil))
        }
        for (index, step) in steps.enumerated() {
            stays.append(
                Stay(
                    host: step.move.target, arrival: step,
                    departure: index + 1 < steps.count ? steps[index + 1] : nil))
        }
        return stays
    }
}
