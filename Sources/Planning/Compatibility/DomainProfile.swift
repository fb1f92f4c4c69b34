import ClusterModel
import PlacementPolicy

/// All of a domain that decides where it can run: domains alike are looked at once.
struct DomainProfile: Hashable {
    /// What a disk needs of a host.
    struct StorageNeed: Hashable {
        /// Where its bytes lie.
        enum Place: Hashable {
            /// A file or a device.
            case path(String)
            case pool(String)
            case unknown(type: String)

            /// nil where it asks nothing of the host.
            init?(_ source: Disk.Source) {
                switch source {
                case .none, .network: return nil
                case .file(let path), .block(let path):
                    self = .path(DiskImage.simplified(path))
                case .volume(let pool, _): self = .pool(pool)
                case .other(let type): self = .unknown(type: type)
                }
            }
        }

        /// The remedy, where it lies on local storage.
        enum Nature: Hashable {
            /// It can be copied.
            case whole
            /// It lies over a base image: what is above can be copied.
            case overlay
            /// A base image: the target may have it too.
            case base
            /// It cannot leave.
            case fixed
        }

        var place: Place
        var nature: Nature
    }

    var guest: GuestPlatform
    var storage: [StorageNeed]
    var secrets: [SecretNeed]
    var interfaces: [NetworkInterface]
    var strictCells: [Int]?
    /// Virtual CPUs that its host must have CPUs for; nil where it may have more than that, or does
    /// not run.
    var boundedVCPUs: Int?
    /// Size of its huge pages on its host, where its definition names none.
    var defaultPages: Bytes?
    /// May its disks be copied while it runs, and how much of them?
    var copy: StorageCopy?
    var cold: ColdMove
    /// Something forbids every live move of it, or it does not run.
    var needsCold: Bool

    /// `fewestCPUs` are the CPUs of the smallest host: no more virtual CPUs fit everywhere. Files
    /// and devices that are not among the `singular` ones live or move with their folder, and with
    /// their array: guests that differ in no more are alike.
    init(
        _ facts: DomainFacts, under policy: Policy, fewestCPUs: Int, singular: Set<String>
    ) {
        guest = facts.guest
        interfaces = facts.interfaces
        secrets = facts.secrets ?? []
        strictCells = facts.strictCells
        if facts.vcpus > fewestCPUs, facts.state.isActive,
            !policy.wideGuests.matches(facts.name)
        {
            boundedVCPUs = facts.vcpus
        }
        if facts.usesDefaultPages == true, facts.state.isActive {
            defaultPages = facts.hugePages?.pageSize
        }
        copy = policy.storageCopy(of: facts.name)
        cold = policy.coldMove(of: facts)
        if cold == .whereNeeded, !policy.coldBlockers(of: facts).isEmpty { cold = .never }
        needsCold = cold != .never && (!facts.blockers.isEmpty || !facts.state.isActive)
        let layered = Set(facts.disks.compactMap(\.overlay))
        storage = facts.disks.compactMap { disk in
            StorageNeed.Place(disk.source).map { place in
                StorageNeed(
                    place: Self.kind(of: place, singular), nature: Self.nature(of: disk, layered))
            }
        }
    }

    private static func kind(
        of place: StorageNeed.Place, _ singular: Set<String>
    ) -> StorageNeed.Place {
        guard case .path(let path) = place, !singular.contains(path) else { return place }
        let name = ISCSIDevice(path).map { "ip-\($0.portal)-iscsi-\($0.target)-lun-0" } ?? ""
        let folder = DiskImage.folder(of: path)
        return .path((folder == "/" ? "" : folder) + "/" + name)
    }

    private static func nature(
        of disk: Disk, _ layered: Set<String>
    ) -> StorageNeed.Nature {
        switch disk.source {
        case .block, .other: return .fixed
        case .none, .file, .volume, .network: break
        }
        if disk.overlay != nil { return .base }
        guard disk.isCopyable else { return .fixed }
        return layered.contains(disk.target) ? .overlay : .whole
    }
}
