import ClusterModel
import PlacementPolicy

/// All of a domain that decides where it can run: domains alike are looked at once.
struct DomainProfile: Hashable {
    /// What a disk needs of a host.
    struct StorageNeed: Hashable {
        /// Where its bytes lie.
        enum Place: Hashable {
            /// Files of one folder live or move together: the longest pool path that covers one
            /// covers all.
            case path(String)
            case pool(String)
            case unknown(type: String)
        }

        /// What may be done about it, where it lies in storage of its own host.
        enum Nature: Hashable {
            /// It can be copied.
            case whole
            /// It lies over a base image: what is above can be copied.
            case overlay
            /// A base image: the target may have it too.
            case base
            /// It can not leave.
            case fixed
        }

        var place: Place
        var nature: Nature
    }

    var guest: GuestPlatform
    var storage: [StorageNeed]
    var interfaces: [NetworkInterface]
    var strictCells: [Int]?
    /// May its disks be copied while it runs, and how much of them?
    var copy: StorageCopy?
    var cold: ColdMove
    /// Something forbids every live move of it, or it does not run.
    var needsCold: Bool

    init(_ facts: DomainFacts, under policy: Policy) {
        guest = facts.guest
        interfaces = facts.interfaces
        strictCells = facts.strictCells
        copy = policy.storageCopy(of: facts.name)
        cold = policy.coldMove(of: facts.name)
        if cold == .whereNeeded, !policy.coldBlockers(of: facts).isEmpty { cold = .never }
        needsCold = cold != .never && (!facts.blockers.isEmpty || !facts.state.isActive)
        let layered = Set(facts.disks.filter(\.isBase).map(\.overlay))
        storage = facts.disks.compactMap { disk in
            let nature: StorageNeed.Nature =
                if disk.isBase { .base } else if !disk.isCopyable {
                    .fixed
                } else if layered.contains(disk.target[...]) { .overlay } else { .whole }
            switch disk.source {
            case .none, .network: return nil
            case .file(let path):
                return StorageNeed(place: .path(Self.folder(of: path)), nature: nature)
            case .block(let path):
                return StorageNeed(place: .path(Self.folder(of: path)), nature: .fixed)
            case .volume(let pool, _):
                return StorageNeed(place: .pool(pool), nature: nature)
            case .other(let type):
                return StorageNeed(place: .unknown(type: type), nature: .fixed)
            }
        }
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
