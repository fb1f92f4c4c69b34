import ClusterModel
import Telemetry

/// Machines that are not told apart, or are not the ones that they were.
enum HostTwins {
    /// libvirt goes by a host's UUID: hosts that share one, or are one machine under two names.
    static func warnings(in reports: [HostReport]) -> [String] {
        let seen = reports.compactMap { report -> (uuid: String, host: HostName)? in
            guard report.fault == nil, let observation = report.observation,
                !observation.facts.uuid.isEmpty
            else { return nil }
            return (observation.facts.uuid, observation.host)
        }
        return Dictionary(grouping: seen, by: \.uuid).filter { $0.value.count > 1 }
            .sorted { $0.key < $1.key }
            .map { uuid, twins in
                let names = twins.map(\.host.rawValue).sorted().joined(separator: " and ")
                return "\(names) have the same host UUID (\(uuid)): either their addresses lead to "
                    + "one machine, or the firmware gives all of a kind the same. In that case "
                    + "write a different host_uuid (uuidgen) to /etc/libvirt/libvirtd.conf of each "
                    + "and restart libvirtd; nothing is migrated between them until then"
            }
    }

    /// A host that is another machine than when it was last seen.
    static func change(from last: HostObservation, to now: HostObservation) -> String? {
        let (old, new) = (last.facts.uuid, now.facts.uuid)
        guard !old.isEmpty, !new.isEmpty, old != new else { return nil }
        return
            "\(now.host) is another machine than at \(last.at): its host UUID was \(old) and is "
            + "\(new). If it was not reinstalled or replaced, its address leads astray"
    }
}
