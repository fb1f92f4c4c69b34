import ClusterModel
import PlacementPolicy

/// Is what lies under a path on one host the same storage as under that path on the other?
///
/// libvirt compares paths and file system types at the source only; a local folder of the same name
/// passes. Here the *identity* of the pool decides, or the operator's word.
enum StorageReach {
    /// What may happen to disks that lie in storage of the source's own.
    enum Copying {
        case nothing
        /// They are copied, while the guest runs or when it is down.
        case whole
        /// What is above their base images is copied, and the target has those too.
        case topLayer
        /// Each file as it is, when the guest is down: above a base image, which the target has
        /// too, or whole.
        case files

        func covers(_ nature: DomainProfile.StorageNeed.Nature) -> Bool {
            switch self {
            case .nothing: false
            case .whole: nature == .whole
            case .topLayer: nature == .overlay || nature == .base
            case .files: nature != .fixed
            }
        }
    }

    /// What is copied, and a base image that is not, needs a pool there like the source's own.
    static func misfit(
        _ domain: DomainProfile, from source: HostProfile, to target: HostProfile,
        copying: Copying = .nothing
    ) -> Misfit? {
        for need in domain.storage {
            guard let misfit = misfit(need.place, source, target) else { continue }
            guard copying.covers(need.nature), let pool = localPool(of: need.place, on: source)
            else {
                return told(misfit, need, copying)
            }
            guard target.pools.contains(where: { isTwin($0, of: pool) }) else {
                if let unread = unread(target) { return unread }
                return Misfit(
                    reason: .localStorage,
                    detail: "no pool '\(pool.name)' (\(pool.type), at \(pool.targetPath ?? "?")) "
                        + "there to which its disk could be copied",
                    remedy: "define a pool of that name and path there (virsh pool-define)")
            }
        }
        return nil
    }

    /// With the remedy that fits how its disks are made.
    private static func told(
        _ misfit: Misfit, _ need: DomainProfile.StorageNeed, _ copying: Copying
    ) -> Misfit {
        guard misfit.reason == .localStorage else { return misfit }
        var misfit = misfit
        switch (need.nature, copying) {
        case (.overlay, .nothing), (.overlay, .whole), (.base, .nothing), (.base, .whole):
            misfit.detail += ", and lies over a base image"
            misfit.remedy =
                "allow copying the layer above the base image (--copy-storage-inc), with the base "
                + "on both hosts, or merge both into one image (virsh blockpull, and qemu-img "
                + "rebase -b '' for a domain that does not run)"
        case (.whole, .topLayer):
            misfit.detail += ", and has no base image"
            misfit.remedy = "allow copying all of it (--copy-storage-all)"
        case (.whole, .nothing), (.whole, .whole), (.overlay, .topLayer), (.base, .topLayer),
            (_, .files), (.fixed, _):
            break
        }
        return misfit
    }

    private static func misfit(
        _ place: DomainProfile.StorageNeed.Place, _ source: HostProfile, _ target: HostProfile
    ) -> Misfit? {
        switch place {
        case .path(let path): self.path(path, source, target)
        case .pool(let name): pool(name, source, target)
        case .unknown(let type):
            Misfit(
                reason: .storageUnknown,
                detail: "there is no proof that a disk of type '\(type)' is the same storage",
                remedy:
                    "put it in a netfs pool of both hosts, or reach it by an address that means "
                    + "the same server on both")
        }
    }

    /// A pool of files that is its host's own, with the same name and path.
    private static func isTwin(_ pool: StoragePool, of other: StoragePool) -> Bool {
        pool.name == other.name && pool.type == other.type && pool.identity == nil
            && trimmed(pool.targetPath) == trimmed(other.targetPath)
    }

    /// Pools of files: others hold devices, which are made in other ways.
    private static let fileTypes: Set<String> = ["dir", "fs"]

    private static func localPool(
        of place: DomainProfile.StorageNeed.Place, on host: HostProfile
    ) -> StoragePool? {
        let pool: StoragePool? =
            switch place {
            case .path(let path): covering(path, in: host)
            case .pool(let name): host.pools.first { $0.name == name }
            case .unknown: nil
            }
        guard let pool, pool.identity == nil, fileTypes.contains(pool.type),
            // A folder below the pool's is none of its volumes.
            trimmed(pool.targetPath) == path(of: place) ?? trimmed(pool.targetPath)
        else { return nil }
        return pool
    }

    private static func path(of place: DomainProfile.StorageNeed.Place) -> String? {
        if case .path(let path) = place { path } else { nil }
    }

    /// The pool of the host's own that holds a disk which can be copied.
    static func localPool(of disk: Disk, on host: HostProfile) -> StoragePool? {
        guard let place = DomainProfile.StorageNeed.Place(disk.source) else { return nil }
        if let path = path(of: place), host.declaredPaths.contains(where: { $0.covers(path: path) })
        {
            return nil
        }
        return localPool(of: place, on: host)
    }

    /// Names of the disks whose storage is not the same on both hosts.
    static func unshared(
        _ disks: [Disk], from source: HostProfile, to target: HostProfile
    ) -> [String] {
        disks.filter { disk in
            guard disk.isCopyable, let place = DomainProfile.StorageNeed.Place(disk.source) else {
                return false
            }
            return misfit(place, source, target) != nil
        }.map(\.target)
    }

    private static func path(
        _ path: String, _ source: HostProfile, _ target: HostProfile
    ) -> Misfit? {
        if isDeclared(path, source, target) { return nil }
        guard let from = covering(path, in: source) else {
            return unread(source, "its host's", on: "on its host")
                ?? unknown("'\(path)', which is in no active pool of the source,")
        }
        guard from.identity != nil else { return local(from) }
        guard let to = covering(path, in: target) else {
            return unread(target) ?? unknown("'\(path)', which is in no active pool there,")
        }
        return same(from, to)
    }

    private static func pool(
        _ name: String, _ source: HostProfile, _ target: HostProfile
    ) -> Misfit? {
        guard let from = source.pools.first(where: { $0.name == name }) else {
            return unread(source, "its host's", on: "on its host")
                ?? unknown("pool '\(name)', which is not active on the source,")
        }
        if let path = from.targetPath, isDeclared(path, source, target) { return nil }
        guard from.identity != nil else { return local(from) }
        guard let to = target.pools.first(where: { $0.name == name }) else {
            return unread(target)
                ?? unknown("pool '\(name)', which is not active there,")
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
            detail: "its disk is in pool '\(pool.name)' (\(pool.type)), which is local",
            remedy:
                "allow its disks to be copied (--copy-storage-all), move them to shared storage "
                + "(virsh blockcopy), or declare the path under sharedStorage if it is shared "
                + "after all")
    }

    /// Why a host's pools are not known, where they could not be read.
    private static func unread(
        _ host: HostProfile, _ whose: String = "its", on place: String = "there"
    ) -> Misfit? {
        host.unread(.pools).map {
            Misfit(
                reason: .storageUnknown, detail: $0.detail(of: whose),
                remedy: $0.remedy(on: place))
        }
    }

    private static func unknown(_ what: String) -> Misfit {
        Misfit(
            reason: .storageUnknown, detail: "there is no proof that \(what) is the same storage",
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
