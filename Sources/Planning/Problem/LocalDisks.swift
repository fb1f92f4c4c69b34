import ClusterModel
import PlacementPolicy

/// Disks on local storage, as far as they may be copied.
enum LocalDisks {
    /// For each domain the bytes that its copyable disks take, by the pool they lie in. Empty when
    /// the policy lets nothing be copied, which keeps the problem as small as it was.
    static func inPools(
        of domains: [Domain], on hosts: [Host], at origin: [Int], under policy: Policy
    ) -> [[String: Int64]] {
        let options = policy.migration
        guard
            options.copyStorageAll != nil || options.copyStorageInc != nil
                || options.offline != nil
        else { return [] }
        let profiles = hosts.map { HostProfile($0, under: policy) }
        let kinds = Dictionary(grouping: profiles.indices, by: { profiles[$0] })
        let found = domains.indices.map { index -> [String: Int64] in
            guard let host = profiles[origin[index]],
                policy.storageCopy(of: domains[index].name) != nil
                    || policy.coldMove(of: domains[index].facts) != .never
            else { return [:] }
            // Its own host is none of its targets.
            let targets = kinds.compactMap { kind, hosts in hosts == [origin[index]] ? nil : kind }
            var room: [String: Int64] = [:]
            for disk in domains[index].facts.disks where disk.isCopyable {
                guard let pool = StorageReach.localPool(of: disk, on: host),
                    targets.contains(where: {
                        !StorageReach.unshared([disk], from: host, to: $0).isEmpty
                    })
                else { continue }
                room[pool.name, default: 0] += disk.size.count
            }
            return room
        }
        return found.allSatisfy(\.isEmpty) ? [] : found
    }
}

extension Disk {
    /// Can its bytes be copied to another host, where it lies on local storage?
    var isCopyable: Bool {
        guard !isReadOnly, !isShareable, device == "disk" else { return false }
        switch source {
        case .file, .volume: return true
        case .none, .block, .network, .other: return false
        }
    }

    /// What a copy takes: as much as the original, as far as that is known.
    var size: Bytes { allocation ?? capacity ?? .zero }
}
