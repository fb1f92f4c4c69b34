import ClusterModel
import PlacementPolicy

/// Is what a disk lies on the same storage on the other host?
///
/// libvirt compares paths and file system types at the source only; a local folder of the same name
/// passes. Here decides the operator's word, what `hosts check` proved, or the *identity* of the
/// pool.
enum StorageReach {
    /// What may happen to disks that lie in storage of the source's own.
    enum Copying: Hashable {
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
        if let missing = secretMisfit(domain, target) { return missing }
        for (index, need) in domain.storage.enumerated() {
            guard var fault = fault(need.place, source, target) else { continue }
            if !fault.mayBeShared, copying.covers(need.nature),
                let pool = localPool(of: need.place, on: source)
            {
                if target.pools.contains(where: { isTwin($0, of: pool) }) { continue }
                fault = noPlace(pool, on: target)
            }
            return unread(fault, source, target)
                ?? StorageMisfit(need: index, fault: fault, copying: copying).misfit
        }
        return nil
    }

    private static func noPlace(_ pool: StoragePool, on target: HostProfile) -> StorageFault {
        if target.inactivePools.contains(where: { isTwin($0, of: pool) }) {
            return .inactive(pool: pool.name, onSource: false)
        }
        let like = (target.pools + target.inactivePools).first { other in
            other.name == pool.name || trimmed(other.targetPath) == trimmed(pool.targetPath)
        }
        return .noPlace(pool, instead: like)
    }

    private static func secretMisfit(_ domain: DomainProfile, _ target: HostProfile) -> Misfit? {
        guard let secrets = target.secrets,
            let missing = domain.secrets.first(where: { need in
                !secrets.contains { need.isMet(by: $0) }
            })
        else { return nil }
        let own = missing.uuid ?? "UUID"
        return Misfit(
            reason: .storageUnknown,
            detail: "secret \(missing.text), which its disks or its TPM need, is not defined there",
            remedy: "define it there with its value: virsh secret-dumpxml \(own) on its host, then "
                + "virsh secret-define FILE and virsh secret-set-value \(own) --file VALUE there")
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
            case .path(let path): covering(path, in: host.pools)
            case .pool(let name): host.pools.first { $0.name == name }
            case .unknown: nil
            }
        guard let pool, pool.identity == nil, holdsVolume(pool, place) else { return nil }
        return pool
    }

    /// Is the disk a volume of this pool that can be copied? A folder below the pool's has none of
    /// its volumes.
    static func holdsVolume(
        _ pool: StoragePool, _ place: DomainProfile.StorageNeed.Place
    ) -> Bool {
        guard fileTypes.contains(pool.type) else { return false }
        return switch place {
        case .path(let path): trimmed(pool.targetPath) == DiskImage.folder(of: path)
        case .pool, .unknown: true
        }
    }

    /// The pool of the host's own that holds a disk which can be copied.
    static func localPool(of disk: Disk, on host: HostProfile) -> StoragePool? {
        DomainProfile.StorageNeed.Place(disk.source).flatMap { localPool(of: $0, on: host) }
    }

    /// Names of the disks whose storage is not the same on both hosts.
    static func unshared(
        _ disks: [Disk], from source: HostProfile, to target: HostProfile
    ) -> [String] {
        disks.filter { disk in
            guard disk.isCopyable, let place = DomainProfile.StorageNeed.Place(disk.source) else {
                return false
            }
            return fault(place, source, target) != nil
        }.map(\.target)
    }

    private static func fault(
        _ place: DomainProfile.StorageNeed.Place, _ source: HostProfile, _ target: HostProfile
    ) -> StorageFault? {
        switch place {
        case .path(let path): fault(at: path, source, target)
        case .pool(let name): fault(ofPool: name, source, target)
        case .unknown(let type): .unknown(type: type)
        }
    }

    private static func fault(
        at path: String, _ source: HostProfile, _ target: HostProfile
    ) -> StorageFault? {
        let proof = seen(at: path, source, target)
        if proof == .same { return nil }
        if said(path, source, target) { return proof == .apart ? .apart : nil }
        guard let from = covering(path, in: source.pools) else {
            if let fault = StorageFault(proof) { return fault }
            let inactive = covering(path, in: source.inactivePools)
            return inactive.map { StorageFault.inactive(pool: $0.name, onSource: true) }
                ?? .uncovered
        }
        guard from.identity != nil else {
            return proof == .outdated ? .outdated : .local(from)
        }
        guard let to = covering(path, in: target.pools) else {
            if let twin = twin(of: from, on: target) { return .elsewhere(here: from, there: twin) }
            let path = trimmed(from.targetPath)
            return missing(from, target.inactivePools.filter { trimmed($0.targetPath) == path })
        }
        return same(from, to) ?? (proof == .apart ? .apart : nil)
    }

    private static func fault(
        ofPool name: String, _ source: HostProfile, _ target: HostProfile
    ) -> StorageFault? {
        guard let from = source.pools.first(where: { $0.name == name }) else {
            let isDefined = source.inactivePools.contains { $0.name == name }
            return isDefined ? .inactive(pool: name, onSource: true) : .lost(pool: name)
        }
        // libvirt finds such a disk by the name of its pool.
        let there = target.pools.first { $0.name == name }
        let folder = trimmed(from.targetPath)
        let isAtOnePath = there.map { trimmed($0.targetPath) == folder } ?? false
        let proof = folder.map { seen(at: $0 + "/", source, target) } ?? .absent
        let isDeclared = folder.map { said($0, source, target) } ?? false
        if isDeclared, proof == .apart { return .apart }
        guard from.identity != nil || isDeclared || proof == .same else {
            return proof == .outdated ? .outdated : .local(from)
        }
        guard let there else {
            if let twin = twin(of: from, on: target) {
                return trimmed(twin.targetPath) == folder
                    ? .renamed(here: from, there: twin) : .elsewhere(here: from, there: twin)
            }
            return missing(from, target.inactivePools.filter { $0.name == name })
        }
        if isDeclared || proof == .same {
            return isAtOnePath ? nil : .elsewhere(here: from, there: there)
        }
        return same(from, there) ?? (proof == .apart ? .apart : nil)
    }

    /// An active pool of the same storage, whatever it is called and wherever it is.
    private static func twin(of pool: StoragePool, on host: HostProfile) -> StoragePool? {
        host.pools.first { other in
            guard let one = pool.identity, let two = other.identity else { return false }
            return StorageIdentity.relation(one, two) == .same
        }
    }

    /// One that is surely another is not worth starting.
    private static func missing(
        _ pool: StoragePool, _ inactive: [StoragePool]
    ) -> StorageFault {
        let like = inactive.first { other in
            guard let one = pool.identity, let other = other.identity else {
                return pool.type == other.type
            }
            return StorageIdentity.relation(one, other) != .different
        }
        if let like { return .inactive(pool: like.name, onSource: false) }
        return .absent(pool, instead: inactive.first)
    }

    /// Equal identities at different mount points would be different files under one path.
    private static func same(_ from: StoragePool, _ to: StoragePool) -> StorageFault? {
        guard let one = from.identity, let other = to.identity else {
            return .different(here: from, there: to)
        }
        switch StorageIdentity.relation(one, other) {
        case .different: return .different(here: from, there: to)
        case .same, .otherSpelling:
            guard trimmed(from.targetPath) == trimmed(to.targetPath) else {
                return .elsewhere(here: from, there: to)
            }
            return StorageIdentity.relation(one, other) == .same
                ? nil : .otherSpelling(here: from, there: to)
        }
    }

    /// What `hosts check` saw of a path on both hosts.
    enum Proof {
        case absent, same, apart, outdated
    }

    /// Where pools could not be read, what is missing among them says nothing.
    private static func unread(
        _ fault: StorageFault, _ source: HostProfile, _ target: HostProfile
    ) -> Misfit? {
        switch fault {
        case .uncovered, .lost: unread(source, "its host's", on: "on its host")
        case .absent, .noPlace: unread(target)
        case .local, .inactive, .different, .otherSpelling, .elsewhere, .renamed, .apart, .own,
            .outdated, .unknown:
            nil
        }
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

    private static func seen(
        at path: String, _ source: HostProfile, _ target: HostProfile
    ) -> Proof {
        for place in [path, DiskImage.folder(of: path)] {
            if let own = source.proven[place], let other = target.proven[place] {
                return own == other ? .same : .apart
            }
        }
        let isOld = [path, DiskImage.folder(of: path)].contains { place in
            source.outdated.contains(place) && target.outdated.contains(place)
        }
        return isOld ? .outdated : .absent
    }

    private static func said(
        _ path: String, _ source: HostProfile, _ target: HostProfile
    ) -> Bool {
        source.declaredPaths.contains {
            $0.covers(path: path) && target.declaredPaths.contains($0)
        }
    }

    /// The pool with the longest target path that `path` lies under. All arrays of a SAN appear in
    /// one folder: there the name of the LUN tells whose it is.
    private static func covering(_ path: String, in pools: [StoragePool]) -> StoragePool? {
        let device = ISCSIDevice(path)
        var best: (pool: StoragePool, length: Int)?
        for pool in pools {
            guard let folder = trimmed(pool.targetPath) else { continue }
            guard path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/") else {
                continue
            }
            if pool.type.hasPrefix("iscsi"), device?.isOf(pool) != true { continue }
            if folder.utf8.count > best?.length ?? -1 { best = (pool, folder.utf8.count) }
        }
        return best?.pool
    }

    private static func trimmed(_ path: String?) -> String? { path.map(DiskImage.simplified) }
}
