import ClusterModel
import PlacementPolicy

/// Is what lies under a path on one host the same storage as under that path on the other?
///
/// libvirt compares paths and file system types at the source only; a local folder of the same name
/// passes. Here the *identity* of the pool decides, or the operator's word.
enum StorageReach {
    static func misfit(
        _ domain: DomainProfile, from source: HostProfile, to target: HostProfile
    ) -> Misfit? {
        for need in domain.storage {
            let misfit =
                switch need {
                case .path(let path): self.path(path, source, target)
                case .pool(let name): pool(name, source, target)
                case .unknown(let type): unknown("a disk of type '\(type)'")
                }
            if let misfit { return misfit }
        }
        return nil
    }

    private static func path(
        _ path: String, _ source: HostProfile, _ target: HostProfile
    ) -> Misfit? {
        if isDeclared(path, source, target) { return nil }
        guard let from = covering(path, in: source) else {
            return unknown("'\(path)', which no active pool of the source covers,")
        }
        guard from.identity != nil else { return local(from) }
        guard let to = covering(path, in: target) else {
            return unknown("'\(path)', which no active pool there covers,")
        }
        return same(from, to)
    }

    private static func pool(
        _ name: String, _ source: HostProfile, _ target: HostProfile
    ) -> Misfit? {
        guard let from = source.pools.first(where: { $0.name == name }) else {
            return unknown("pool '\(name)', which is not active on the source,")
        }
        if let path = from.targetPath, isDeclared(path, source, target) { return nil }
        guard from.identity != nil else { return local(from) }
        guard let to = target.pools.first(where: { $0.name == name }) else {
            return unknown("pool '\(name)', which is not active there,")
        }
        return same(from, to)
    }

    /// Equal identities at different mount points would be different files under one path.
    private static func same(_ from: StoragePool, _ to: StoragePool) -> Misfit? {
        guard from.identity != to.identity || trimmed(from.targetPath) != trimmed(to.targetPath)
        else { return nil }
        return Misfit(
            reason: .localStorage,
            detail: "pool '\(to.name)' there is \(to.identity ?? "local storage"), not "
                + (from.identity ?? "local storage"),
            remedy: "mount the same storage at the same path on both hosts, as a netfs pool")
    }

    private static func local(_ pool: StoragePool) -> Misfit {
        Misfit(
            reason: .localStorage,
            detail: "its disk lies in pool '\(pool.name)' (\(pool.type)), which is local",
            remedy: "move the disk to shared storage (virsh blockcopy), or declare the path under "
                + "sharedStorage if it is shared after all")
    }

    private static func unknown(_ what: String) -> Misfit {
        Misfit(
            reason: .storageUnknown, detail: "nothing proves that \(what) is the same storage",
            remedy: "define a netfs pool for it on both hosts, or declare it under sharedStorage")
    }

    private static func isDeclared(
        _ path: String, _ source: HostProfile, _ target: HostProfile
    ) -> Bool {
        source.declaredPaths.contains {
            $0.covers(path: path) && target.declaredPaths.contains($0)
        }
    }

    /// The pool with the longest target path that `path` lies under.
    private static func covering(_ path: String, in host: HostProfile) -> StoragePool? {
        var best: (pool: StoragePool, length: Int)?
        for pool in host.pools {
            guard let folder = trimmed(pool.targetPath) else { continue }
            guard path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/") else {
                continue
            }
            if folder.utf8.count > best?.length ?? -1 { best = (pool, folder.utf8.count) }
        }
        return best?.pool
    }

    private static func trimmed(_ path: String?) -> String? {
        guard let path, path.count > 1, path.hasSuffix("/") else { return path }
        return String(path.dropLast())
    }
}
