import ClusterModel
import Execution
import HypervisorInterface

/// Looks at whole hosts, and at what binds the run beside its plan.
extension RunExecutor {
    /// Where else the domain is known: asked in order of name, each host once.
    func lookElsewhere(_ id: StepID) async {
        let move = self.move(id)
        var sightings: [HostName: DomainSighting] = [:]
        for host in connections.keys.sorted() where host != move.source && host != move.target {
            sightings[host] = await sighting(of: move.domain, on: host)
        }
        send(.lookedElsewhere(id, sightings))
    }

    /// Who has a process on these hosts.
    func lookAtHosts(_ hosts: [HostName], afterMilliseconds pause: Int64) async {
        if pause > 0 { try? await clock.sleep(pause) }
        var sightings: [HostSighting] = []
        for host in hosts {
            guard let connection = connections[host] else {
                let detail = "it is not in the fleet file"
                sightings.append(HostSighting(host, guests: nil, detail: detail))
                continue
            }
            do {
                sightings.append(
                    HostSighting(host, guests: try await connection.inspector.guests()))
            } catch {
                sightings.append(HostSighting(host, guests: nil, detail: "\(error)"))
            }
        }
        send(.hostsLooked(sightings))
    }

    /// Asked when the intent is in the journal already: whoever closes a host afterwards finds the
    /// step there. Throws when the host accepts no more domains, or when that is unknown.
    func demandOpen(_ target: HostName) async throws(StepFailure) {
        let reason: String?
        do {
            reason = try await closure(target)
        } catch {
            throw StepFailure(
                "it was not started, because it is unknown whether \(target) is in "
                    + "maintenance: \(error)", kind: .targetClosed)
        }
        if let reason {
            throw StepFailure("it was not started: \(reason)", kind: .targetClosed)
        }
    }
}
