import ClusterModel

/// Why the storage of one disk is not known to be there, without names of guests and hosts: equal
/// for domains and hosts that are alike.
enum StorageFault: Hashable {
    /// It is in a pool of the source's own.
    case local(StoragePool)
    /// Nothing tells what it is.
    case uncovered
    /// It is in this pool of the source, and the target has none that is active; perhaps one that
    /// is not, of its name or path and with other storage.
    case absent(StoragePool, instead: StoragePool?)
    /// A definition of the pool is there, and nothing more.
    case inactive(pool: String, onSource: Bool)
    /// A pool that the domain names is not known on its own host.
    case lost(pool: String)
    case different(here: StoragePool, there: StoragePool)
    case otherSpelling(here: StoragePool, there: StoragePool)
    /// The same storage under another path.
    case elsewhere(here: StoragePool, there: StoragePool)
    /// The same storage at the same path, as a pool of another name.
    case renamed(here: StoragePool, there: StoragePool)
    /// `hosts check` found that it is another there, whatever pools or the operator said.
    case apart
    /// The same, where nobody claimed anything else.
    case own
    /// Proven, too long ago.
    case outdated
    /// A type of disk, with the address that means another machine on each host.
    case unknown(type: String)
    /// It could be copied, if there were such a pool there, and not what has its name or path.
    case noPlace(StoragePool, instead: StoragePool?)

    /// Of what is in no pool; nil where nothing was found out.
    init?(_ proof: StorageReach.Proof) {
        switch proof {
        case .apart: self = .own
        case .outdated: self = .outdated
        case .absent, .same: return nil
        }
    }

    /// A copy could be laid over the guest's own disk, or where a mount is missing.
    var mayBeShared: Bool {
        switch self {
        case .apart, .outdated: true
        case .local, .own, .uncovered, .absent, .inactive, .lost, .different, .otherSpelling,
            .elsewhere, .renamed, .unknown, .noPlace:
            false
        }
    }

    var reason: Blocker.Reason {
        switch self {
        case .local, .own, .different, .elsewhere, .renamed, .apart, .noPlace: .localStorage
        case .uncovered, .absent, .inactive, .lost, .otherSpelling, .outdated, .unknown:
            .storageUnknown
        }
    }

    /// What is the case, after 'its disk'.
    var text: String {
        switch self {
        case .local(let pool): "is in pool '\(pool.name)' (\(pool.type)), which is local"
        case .uncovered:
            "is in no active pool of its host, and there is no proof that it is the same storage "
                + "there"
        case .absent(let pool, _):
            "is in pool '\(pool.name)' (\(pool.type)), and no active pool there is the same"
        case .inactive(let pool, let onSource):
            "is in pool '\(pool)', which is defined \(onSource ? "on its host" : "there") and not "
                + "active"
        case .lost(let pool): "is in pool '\(pool)', which is not active on its host"
        case .different(let here, let there):
            "is not the same storage there: pool '\(there.name)' there is "
                + "\(there.identity ?? "local storage"), not \(here.identity ?? "local storage")"
        case .otherSpelling(let here, let there):
            "may be the same storage there, but pool '\(here.name)' is \(here.identity ?? "?") "
                + "here and \(there.identity ?? "?") there"
        case .elsewhere(let here, let there):
            "is in pool '\(here.name)', which is at \(there.targetPath ?? "no path") there and at "
                + "\(here.targetPath ?? "no path") here"
        case .renamed(let here, let there):
            "is in pool '\(here.name)', which is called '\(there.name)' there"
        case .apart:
            "is not the same storage there, as 'kvmbalance hosts check' found: it may not be "
                + "mounted"
        case .own: "is on storage of its host's own, as 'kvmbalance hosts check' found"
        case .outdated:
            "was proven to be the same storage there more than "
                + "\(ProvenStorage.goodForMilliseconds / 86_400_000) days ago"
        case .unknown(let type):
            type.contains(" by ")
                ? "is reached over \(type), which is another server on each host"
                : "is of type '\(type)', and there is no proof that it is the same storage there"
        case .noPlace(let pool, let instead):
            "would be copied, and there is no pool '\(pool.name)' (\(pool.type), at "
                + "\(pool.targetPath ?? "?")) there to which its disk could be copied"
                + (instead.map {
                    ", but pool '\($0.name)' (\($0.type), at \($0.targetPath ?? "?"))"
                } ?? "")
        }
    }
}

/// A fault of one disk of a kind of domain, with what would have been copied.
struct StorageMisfit: Hashable {
    /// Which of the profile's `storage` it is.
    var need: Int
    var fault: StorageFault
    var copying: StorageReach.Copying

    /// Without names, for hosts as a whole.
    var misfit: Misfit {
        Misfit(
            reason: fault.reason, detail: "its disk " + fault.text,
            remedy: "kvmbalance hosts check", storage: self)
    }
}
