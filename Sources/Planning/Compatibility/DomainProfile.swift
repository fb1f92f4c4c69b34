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

        var place: Place
        /// May it be copied, where the host's storage is its own?
        var isCopyable: Bool
    }

    var guest: GuestPlatform
    var storage: [StorageNeed]
    var interfaces: [NetworkInterface]
    var strictCells: [Int]?
    /// May its disks be copied while it runs?
    var copies: Bool
    var cold: ColdMove
    /// Something forbids every live move of it, or it does not run.
    var needsCold: Bool

    init(_ facts: DomainFacts, under policy: Policy) {
        guest = facts.guest
        interfaces = facts.interfaces
        strictCells = facts.strictCells
        let copy = policy.storageCopy(of: facts.name)
        copies = copy != nil
        cold = policy.coldMove(of: facts.name)
        if cold == .whereNeeded, !policy.coldBlockers(of: facts).isEmpty { cold = .never }
        needsCold = cold != .never && (!facts.blockers.isEmpty || !facts.state.isActive)
        // A base image of its own host can only be copied with a guest that is off, or be there.
        let layered = Set(
            facts.disks.filter { $0.target.contains(" backing ") }.map {
                $0.target.prefix { $0 != " " }
            })
        storage = facts.disks.compactMap { disk in
            let isLayered = layered.contains(disk.target.prefix { $0 != " " })
            let isCopyable = disk.isCopyable && (!isLayered || copy == .topLayer)
            switch disk.source {
            case .none, .network: return nil
            case .file(let path), .block(let path):
                return StorageNeed(
                    place: .path(Self.folder(of: path)), isCopyable: isCopyable)
            case .volume(let pool, _):
                return StorageNeed(place: .pool(pool), isCopyable: isCopyable)
            case .other(let type):
                return StorageNeed(place: .unknown(type: type), isCopyable: false)
            }
        }
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
