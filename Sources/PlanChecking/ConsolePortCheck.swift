import ClusterModel

/// No guest comes to a host where another has the port that its console was given: its QEMU could
/// not open it there, and ends.
enum ConsolePortCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        let movers = Set(subject.plan.steps.map(\.move.domain))
        var users: [Int: [Domain]] = [:]
        for domain in subject.active {
            for port in Set((domain.facts.consolePorts ?? []).map(\.port)) {
                users[port, default: []].append(domain)
            }
        }
        let shared = users.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
        return shared.flatMap { port, domains -> [Violation] in
            domains.indices.flatMap { first in
                domains[(first + 1)...].flatMap { other -> [Violation] in
                    let one = domains[first]
                    guard one.id != other.id, movers.contains(one.id) || movers.contains(other.id)
                    else { return [] }
                    return meetings(one, other, port, subject).map {
                        Violation(
                            .compatibility, step: $0.id, host: $0.move.target,
                            "\(one.name) and \(other.name) use console port \(port)")
                    }
                }
            }
        }
    }

    /// A port that libvirt chose is in the way only where its guest is from the start: it takes
    /// another elsewhere.
    private static func meetings(
        _ one: Domain, _ other: Domain, _ port: Int, _ subject: CheckedCase
    ) -> [Step] {
        let pairs = ports(of: one, port).flatMap { own in ports(of: other, port).map { (own, $0) } }
        return pairs.flatMap { own, their -> [Step] in
            guard own.clashes(with: their), !own.isAutomatic || !their.isAutomatic else {
                return []
            }
            let stays = (
                NameCheck.stays(of: one.id, subject).filter {
                    !own.isAutomatic || $0.arrival == nil
                },
                NameCheck.stays(of: other.id, subject).filter {
                    !their.isAutomatic || $0.arrival == nil
                }
            )
            return stays.0.flatMap { mine in
                stays.1.compactMap { NameCheck.meeting(mine, $0, subject) }
            }
        }
    }

    private static func ports(of domain: Domain, _ number: Int) -> [ConsolePort] {
        (domain.facts.consolePorts ?? []).filter { $0.port == number }
    }
}
