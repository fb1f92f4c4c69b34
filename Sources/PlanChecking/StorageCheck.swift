import ClusterModel
import PlacementPolicy

/// Every disk is on storage that is provably the same on both hosts, or the step copies it.
enum StorageCheck {
    static func reasons(
        _ domain: DomainFacts, _ from: Host, _ to: Host, _ policy: Policy, copied: [String] = []
    ) -> [String] {
        domain.disks.compactMap { disk in
            if copied.contains(disk.target) { return faultOfCopy(disk, from, to, policy) }
            if let overlay = disk.overlay, copied.contains(overlay),
                CheckedModes.mayCopyTopLayer(domain.name, policy),
                areTwins(pools(of: disk, from, to))
            {
                return nil
            }
            switch disk.source {
            case .none, .network: return nil
            case .other(let type): return "disk \(disk.target) is of type \(type)"
            case .file(let path), .block(let path):
                if isDeclared(path, from, to, policy) { return nil }
                return isSame(pool(at: path, from), pool(at: path, to))
                    ? nil : "\(path) is not proved to be shared"
            case .volume(let name, _):
                let pools = [from, to].map { host in
                    host.facts?.pools.first { $0.name == name }
                }
                if let path = pools[0]?.targetPath, isDeclared(path, from, to, policy) {
                    return nil
                }
                return isSame(pools[0], pools[1]) ? nil : "pool \(name) is not proved to be shared"
            }
        }
    }

    /// A copy goes from a pool of files that only the source has to its like on the target, and
    /// never onto what is shared: it would overwrite the guest's own disk.
    private static func faultOfCopy(
        _ disk: Disk, _ from: Host, _ to: Host, _ policy: Policy
    ) -> String? {
        switch disk.source {
        case .file(let path):
            if isDeclared(path, from, to, policy) { return "\(path) is shared, yet it is copied" }
        case .volume: break
        case .none, .block, .network, .other: return "disk \(disk.target) cannot be copied"
        }
        guard !disk.isReadOnly, !disk.isShareable, areTwins(pools(of: disk, from, to)) else {
            return "disk \(disk.target) cannot be copied from pool to pool"
        }
        return nil
    }

    private static func pools(of disk: Disk, _ from: Host, _ to: Host) -> [StoragePool?] {
        switch disk.source {
        case .file(let path): [pool(at: path, from), pool(at: path, to)]
        case .volume(let name, _):
            [from, to].map { host in host.facts?.pools.first { $0.name == name } }
        case .none, .block, .network, .other: []
        }
    }

    /// Pools of files, each its host's own, of one name and path.
    private static func areTwins(_ pools: [StoragePool?]) -> Bool {
        guard let here = pools.first ?? nil, let there = pools.last ?? nil else { return false }
        return here.identity == nil && there.identity == nil && here.name == there.name
            && here.type == there.type && ["dir", "fs"].contains(here.type)
            && folders(here.targetPath ?? "") == folders(there.targetPath ?? "")
    }

    private static func isSame(_ left: StoragePool?, _ right: StoragePool?) -> Bool {
        guard let left, let right, let identity = left.identity else { return false }
        return identity == right.identity
            && folders(left.targetPath ?? "") == folders(right.targetPath ?? "")
    }

    private static func isDeclared(
        _ path: String, _ from: Host, _ to: Host, _ policy: Policy
    ) -> Bool {
        policy.sharedStorage.contains {
            $0.covers(host: from.name) && $0.covers(host: to.name)
                && folders(path).starts(with: folders($0.path))
        }
    }

    /// The pool whose folder holds the path; of several the innermost.
    static func pool(at path: String, _ host: Host) -> StoragePool? {
        (host.facts?.pools ?? [])
            .filter { $0.targetPath.map { folders(path).starts(with: folders($0)) } ?? false }
            .max { folders($0.targetPath ?? "").count < folders($1.targetPath ?? "").count }
    }

    private static func folders(_ path: String) -> [Substring] { path.split(separator: "/") }
}
