import ClusterModel
import HypervisorInterface
package import PlacementPolicy

/// What a fleet file is proposed to say.
package struct FleetProposal: Sendable {
    /// In the order in which they were named.
    package var hosts: [FleetHost]
    /// Who is not among them, and why: a sentence each.
    package var leftOut: [String]

    /// The file. What is not in it is asked of the hosts, or has a default.
    package func text(database: String) -> String {
        let entries = hosts.map { host in
            "  - name: \(YAMLWord.quoted(host.name.rawValue))\n"
                + "    uri: \(YAMLWord.quoted(host.uri))\n"
        }
        return """
            # Written by 'kvmbalance init'; kvmbalance.yaml(5) lists all keys.
            hosts:
            \(entries.joined())database: \(YAMLWord.quoted(database))

            """
    }
}

/// From names to a fleet file: every candidate is looked at.
package struct FleetDiscovery: Sendable {
    private let observer: FleetObserver
    private let candidates: [HostCandidate]

    /// The observer's hosts are the candidates.
    package init(_ observer: FleetObserver, _ candidates: [HostCandidate]) {
        self.observer = observer
        self.candidates = candidates
    }

    /// Throws where a host that was asked for does not answer, and where none does.
    package func proposal() async throws -> FleetProposal {
        let looks = await observer.look()
        let results = Dictionary(
            looks.map { ($0.host, $0.result) }, uniquingKeysWith: { a, _ in a })
        var proposal = FleetProposal(hosts: [], leftOut: [])
        var (machines, silent) = ([String: HostName](), [String]())
        for candidate in candidates {
            let name = candidate.host.name
            switch results[name] {
            case .success(let inventory):
                let uuid = inventory.facts.uuid
                if !uuid.isEmpty, let twin = machines[uuid] {
                    proposal.leftOut.append(
                        "\(name) (\(candidate.source)) is the same machine as \(twin), or has its "
                            + "host UUID")
                } else {
                    machines[uuid] = name
                    proposal.hosts.append(candidate.host)
                }
            case .failure(let error) where candidate.isAsked:
                silent.append("\(name) (\(candidate.host.uri)): \(error.message)")
            case .failure(let error):
                proposal.leftOut.append("\(name) (\(candidate.source)): \(error.message)")
            case nil: continue
            }
        }
        guard silent.isEmpty else {
            throw CommandError(
                "nothing was written, since these hosts do not answer:"
                    + OutsideText.lines(silent) + "\nTry 'virsh -c URI list' until it works for "
                    + "each, or leave them out", exit: .failed)
        }
        guard !proposal.hosts.isEmpty else {
            throw CommandError(
                "nothing was written, since no host was found that answers"
                    + (proposal.leftOut.isEmpty ? "" : ":" + OutsideText.lines(proposal.leftOut))
                    + "\nName them: kvmbalance init host1 host2 host3", exit: .failed)
        }
        return proposal
    }
}
