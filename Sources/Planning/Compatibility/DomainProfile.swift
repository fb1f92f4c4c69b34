import ClusterModel

/// All of a domain that decides where it can run: domains alike are looked at once.
struct DomainProfile: Hashable {
    /// What a disk needs of a host.
    enum StorageNeed: Hashable {
        /// Files of one folder live or move together: the longest pool path that covers one covers
        /// all.
        case path(String)
        case pool(String)
        case unknown(type: String)
    }

    var guest: GuestPlatform
    var storage: [StorageNeed]
    var interfaces: [NetworkInterface]
    var strictCells: [Int]?

    init(_ facts: DomainFacts) {
        guest = facts.guest
        interfaces = facts.interfaces
        strictCells = facts.strictCells
        storage = facts.disks.compactMap { disk in
            switch disk.source {
            case .none, .network: nil
            case .file(let path), .block(let path): .path(Self.folder(of: path))
            case .volume(let pool, _): .pool(pool)
            case .other(let type): .unknown(type: type)
            }
        }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
