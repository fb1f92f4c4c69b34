import ClusterModel
import Execution
import HypervisorInterface

/// Looks at whole hosts, and at what binds the run beside its plan.
extension RunExecutor {
    /// Once for each step: it may take a quarter of an hour.
    func tellOfWatch(_ id: StepID) async {
        guard watched.insert(id).inserted, let step = machine.state.step(id)?.step else { return }
        let minutes = machine.bounds.shutdownMilliseconds / 60_000
        await observer.observe(
            .note(
                "\(step.domainName) was asked to shut down on \(step.move.source) and may do so "
                    + "late: it is watched for \(minutes) min, and started there when it does"))
    }

    /// Who has a process on these hosts.
    func lookAtHosts(_ hosts: [HostName], afterMilliseconds pause: Int64) async {
        if pause > 0 { try? await clock.sleep(pause) }
        var sightings: [HostSighting] = []
        for host in hosts {
            guard let door = doors[host] else {
                let detail = "it is not in the fleet file"
                sightings.append(HostSighting(host, guests: nil, detail: detail))
                continue
            }
            do {
                sightings.append(HostSighting(host, guests: try await door.inspector.guests()))
            } catch {
                sightings.append(HostSighting(host, guests: nil, detail: "\(error)"))
            }
        }
        send(.hostsLooked(sightings))
    }

    /// Why the step must not begin; nil when it may. Asked when its intent is in the journal already:
    /// whoever closes a host afterwards finds the step there.
    func refusal(of move: Move) async -> String? {
        do {
            return try await closure(move.target).map { "it was not started: \($0)" }
        } catch {
            return "it was not started, because it is unknown whether \(move.target) is in "
                + "maintenance: \(error)"
        }
    }
}
