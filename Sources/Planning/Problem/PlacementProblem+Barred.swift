import ClusterModel
import PlacementPolicy

/// What stays on a host and cannot be there beside a domain that comes.
extension PlacementProblem {
    /// Hosts that are no target of a domain, whatever else moves, and why.
    static func barred(
        _ domains: [Domain], in snapshot: ClusterSnapshot, _ hostIndex: [HostName: Int],
        _ copied: [[String: Int64]]
    ) -> [Int: [Int: Misfit]] {
        var barred: [Int: [Int: Misfit]] = [:]
        func bar(_ domain: Int, from host: Int, _ misfit: Misfit) {
            if barred[domain]?[host] == nil { barred[domain, default: [:]][host] = misfit }
        }
        let namesakes = namesakes(of: domains, in: snapshot, hostIndex)
        for index in domains.indices {
            let facts = domains[index].facts
            for host in (facts.otherDefinitions ?? []).compactMap({ hostIndex[$0] }) {
                bar(index, from: host, otherDefinition(facts, snapshot.hosts[host].name))
            }
            for host in namesakes[facts.name] ?? [] {
                bar(index, from: host, HostRules.namesake(facts.name))
            }
        }
        let taken =
            takenPorts(of: domains, hostIndex)
            + takenPaths(of: domains, in: snapshot, hostIndex, copied)
        for (index, host, misfit) in taken { bar(index, from: host, misfit) }
        return barred
    }

    private static func otherDefinition(_ facts: DomainFacts, _ host: HostName) -> Misfit {
        Misfit(
            reason: .state, detail: "it has another definition of this domain, which does not run",
            remedy: "if it is out of date: virsh undefine \(facts.id) on \(host)")
    }

    /// Hosts with a domain of a name that is not in the problem and stays: libvirt has one domain
    /// of a name. Those in the problem are a group.
    private static func namesakes(
        of domains: [Domain], in snapshot: ClusterSnapshot, _ hostIndex: [HostName: Int]
    ) -> [String: Set<Int>] {
        let known = Set(domains.map(\.facts.id))
        var places: [String: Set<Int>] = [:]
        for domain in snapshot.domains where !known.contains(domain.id) {
            guard let host = hostIndex[domain.host] else { continue }
            places[domain.name, default: []].insert(host)
        }
        return places
    }

    /// A port that was given to a guest's console and that libvirt chose for another guest there.
    /// That one takes any other when it moves, so that the two are no group; but it is not relied
    /// on to leave first.
    private static func takenPorts(
        of domains: [Domain], _ hostIndex: [HostName: Int]
    ) -> [(Int, Int, Misfit)] {
        var holders: [Int: [Int]] = [:]
        for index in domains.indices where domains[index].facts.state.isActive {
            for port in domains[index].facts.consolePorts ?? [] where port.isAutomatic {
                holders[port.port, default: []].append(index)
            }
        }
        guard !holders.isEmpty else { return [] }
        return domains.indices.flatMap { index -> [(Int, Int, Misfit)] in
            let facts = domains[index].facts
            return (facts.consolePorts ?? []).filter { !$0.isAutomatic }.flatMap { port in
                (holders[port.port] ?? []).compactMap { holder -> (Int, Int, Misfit)? in
                    let other = domains[holder]
                    guard other.id != facts.id, let host = hostIndex[other.host],
                        other.facts.consolePorts?.contains(where: {
                            $0.isAutomatic && $0.clashes(with: port)
                        }) == true
                    else { return nil }
                    let misfit = Misfit(
                        reason: .other,
                        detail: "its console port \(port.port) is taken there by \(other.name)",
                        remedy: "give it autoport='yes' or another port (virsh edit "
                            + "\(facts.name.quotedForShell)) "
                            + "and restart it")
                    return (index, host, misfit)
                }
            }
        }
    }

    /// A copy gets the path of its original: it has no place where another's image lies. That one
    /// stays for a while even if its guest leaves.
    private static func takenPaths(
        of domains: [Domain], in snapshot: ClusterSnapshot, _ hostIndex: [HostName: Int],
        _ copied: [[String: Int64]]
    ) -> [(Int, Int, Misfit)] {
        let copying = copied.indices.filter { !copied[$0].isEmpty }
        guard !copying.isEmpty else { return [] }
        var holders: [Disk.Source: [Domain]] = [:]
        for domain in snapshot.domains {
            for disk in domain.facts.disks { holders[disk.source, default: []].append(domain) }
        }
        return copying.flatMap { index -> [(Int, Int, Misfit)] in
            let own = domains[index]
            return own.facts.disks.filter(\.isCopyable).flatMap { disk in
                (holders[disk.source] ?? []).compactMap { holder -> (Int, Int, Misfit)? in
                    guard holder.id != own.id, holder.host != own.host,
                        let host = hostIndex[holder.host]
                    else { return nil }
                    let misfit = Misfit(
                        reason: .localStorage,
                        detail: "its disk \(disk.target) would be copied to where "
                            + "\(holder.name)'s image lies there",
                        remedy: "give one of the two images another name, with its guest shut off "
                            + "(virsh vol-clone, and virsh edit \(own.name.quotedForShell))")
                    return (index, host, misfit)
                }
            }
        }
    }

    /// The given port that keeps two guests apart; nil where they can be on one host.
    func consoleClash(of one: DomainFacts, with other: DomainFacts) -> ConsolePort? {
        let theirs = (other.consolePorts ?? []).filter { !$0.isAutomatic }
        return (one.consolePorts ?? []).first { port in
            !port.isAutomatic && theirs.contains { $0.clashes(with: port) }
        }
    }
}
