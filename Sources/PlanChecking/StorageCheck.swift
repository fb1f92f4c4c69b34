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
                return isReached(path, pools(of: disk, from, to), from, to, policy)
                    ? nil : "\(path) is not proved to be shared"
            case .volume(let name, _):
                // libvirt finds it by the pool's name, which must be there at the same path.
                let both = pools(of: disk, from, to)
                guard let here = both[0], let there = both[1],
                    folders(here.targetPath ?? "") == folders(there.targetPath ?? ""),
                    isReached(here.targetPath.map { $0 + "/" }, both, from, to, policy)
                else { return "pool \(name) is not proved to be shared" }
                return nil
            }
        } + secrets(domain, to)
    }

    /// Neither libvirt nor a plan carries secrets.
    private static func secrets(_ domain: DomainFacts, _ to: Host) -> [String] {
        (to.facts?.missing(domain.secrets ?? []) ?? []).map { "secret \($0.text) is not there" }
    }

    /// What was seen outdoes what was declared, and this what pools say of themselves.
    private static func isReached(
        _ path: String?, _ pools: [StoragePool?], _ from: Host, _ to: Host, _ policy: Policy
    ) -> Bool {
        if let path {
            switch isSeenToBeSame(path, from, to) {
            case true?: return true
            case false?: return false
            case nil: if isDeclared(path, from, to, policy) { return true }
            }
        }
        return isSame(pools[0], pools[1])
    }

    /// nil where nobody looked lately.
    private static func isSeenToBeSame(_ path: String, _ from: Host, _ to: Host) -> Bool? {
        for place in [path, DiskImage.folder(of: path)] {
            if let here = from.provenIdentity(of: place), let there = to.provenIdentity(of: place) {
                return here == there
            }
        }
        return nil
    }

    /// A copy goes from a pool of files that only the source has to its like on the target, and
    /// never onto what is shared: it would overwrite the guest's own disk.
    private static func faultOfCopy(
        _ disk: Disk, _ from: Host, _ to: Host, _ policy: Policy
    ) -> String? {
        let path: String?
        switch disk.source {
        case .file(let own): path = own
        case .volume: path = pools(of: disk, from, to)[0]?.targetPath.map { $0 + "/" }
        case .none, .block, .network, .other: return "disk \(disk.target) cannot be copied"
        }
        if let path,
            isSeenToBeSame(path, from, to) == true || isDeclared(path, from, to, policy)
        {
            return "\(path) is shared, yet it is copied"
        }
        guard !disk.isReadOnly, !disk.isShareable, areTwins(pools(of: disk, from, to)) else {
            return "disk \(disk.target) cannot be copied from pool to pool"
        }
        return nil
    }

    /// Where a disk lies on either host, as far as pools tell.
    private static func pools(of disk: Disk, _ from: Host, _ to: Host) -> [StoragePool?] {
        switch disk.source {
        case .file(let path), .block(let path): [pool(at: path, from), pool(at: path, to)]
        case .volume(let name, _):
            [from, to].map { host in host.facts?.pools.first { $0.name == name } }
        case .none, .network, .other: [nil, nil]
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
        guard let left, let right, let one = left.identity, let other = right.identity else {
            return false
        }
        return StorageIdentity.relation(one, other) == .same
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
            // One folder shows the LUNs of all arrays: their names tell whose they are.
            .filter { pool in
                !pool.type.hasPrefix("iscsi") || ISCSIDevice(path)?.isOf(pool) == true
            }
            .max { folders($0.targetPath ?? "").count < folders($1.targetPath ?? "").count }
    }

    /// The folders on the way to a file, without detours.
    private static func folders(_ path: String) -> [Substring] {
        path.split(separator: "/").reduce(into: []) { way, part in
            switch part {
            case ".": break
            case "..": if !way.isEmpty { way.removeLast() }
            default: way.append(part)
            }
        }
    }
}
