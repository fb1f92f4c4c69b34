import ClusterModel
import Persistence

/// What checks found out of hosts' storage, kept in the journal so that plans may go by it.
struct StorageProofs: Codable, Sendable {
    /// Of one machine: another one that answers by the same name has none of it.
    struct OfHost: Codable, Sendable {
        var host: HostName
        var uuid: String
        var storage: [ProvenStorage]
    }

    var hosts: [OfHost] = []

    private static let name = "proven storage"

    /// Unreadable ones are none: the next check makes new ones.
    static func stored(in journal: JournalStore) async -> StorageProofs {
        (try? await journal.remembered(name, as: StorageProofs.self)) ?? StorageProofs()
    }

    func store(in journal: JournalStore?) async throws {
        try await journal?.remember(self, as: Self.name)
    }

    /// For the snapshot; nil where nothing is known of this machine.
    func storage(of host: HostName, _ uuid: String?) -> [ProvenStorage]? {
        let own = hosts.first { $0.host == host && $0.uuid == uuid }?.storage ?? []
        return own.isEmpty ? nil : own
    }

    /// What a check saw takes the place of all that was known of the same paths. `uuids` are those
    /// of the hosts that answered.
    mutating func add(_ probes: FitnessProbes, _ uuids: [HostName: String], at now: Timestamp) {
        let tried = Dictionary(grouping: probes.pools.filter { $0.isSame != nil }, by: \.folder)
        var found = probes.devices
        for (path, probes) in tried { found[path, default: [:]].merge(groups(probes)) { $1 } }
        let limit = now.advanced(byMilliseconds: -4 * ProvenStorage.goodForMilliseconds)
        for index in hosts.indices {
            hosts[index].storage.removeAll { found[$0.path] != nil || $0.at < limit }
        }
        for (path, identities) in found {
            for (host, identity) in identities {
                guard let uuid = uuids[host], !uuid.isEmpty else { continue }
                add(ProvenStorage(path: path, identity: identity, at: now), to: host, uuid)
            }
        }
        hosts.removeAll { $0.storage.isEmpty }
        for index in hosts.indices { hosts[index].storage.sort { $0.path < $1.path } }
        hosts.sort { $0.host < $1.host }
    }

    private mutating func add(_ proof: ProvenStorage, to host: HostName, _ uuid: String) {
        if let index = hosts.firstIndex(where: { $0.host == host }) {
            if hosts[index].uuid != uuid { hosts[index].storage = [] }
            hosts[index].uuid = uuid
            hosts[index].storage.append(proof)
        } else {
            hosts.append(OfHost(host: host, uuid: uuid, storage: [proof]))
        }
    }

    /// A name for each host's storage: that of the first host which has the same. A host that has
    /// its own by itself is only named when it was held against all that left a mark: in a large
    /// fleet most pairs are not tried.
    private func groups(_ probes: [FitnessProbes.PoolProbe]) -> [HostName: String] {
        let hosts = Set(probes.flatMap { [$0.pair.from, $0.pair.to] }).sorted()
        var first = Dictionary(firstOf: hosts.map { ($0, $0) })
        for probe in probes where probe.isSame == true {
            let both = [probe.pair.from, probe.pair.to].compactMap { first[$0] }.sorted()
            for host in hosts where both.contains(first[host] ?? host) { first[host] = both[0] }
        }
        // For each host, the groups that it was held against.
        var met: [HostName: Set<HostName>] = [:]
        for probe in probes {
            let (from, to) = (probe.pair.from, probe.pair.to)
            met[from, default: []].insert(first[to] ?? to)
            met[to, default: []].insert(first[from] ?? from)
        }
        let leaders = Set(probes.map { first[$0.pair.from] ?? $0.pair.from })
        return first.filter { host, name in
            hosts.contains { $0 != host && first[$0] == name }
                || leaders.subtracting([host]).isSubset(of: met[host] ?? [])
        }.mapValues { "seen on \($0)" }
    }
}
