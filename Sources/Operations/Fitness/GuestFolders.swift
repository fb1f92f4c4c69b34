import ClusterModel
import HypervisorInterface

/// Where the files of a fleet's guests are.
enum GuestFolders {
    /// Each is looked at on every host: more would take minutes.
    static let most = 64

    /// Sorted, without those that are `known` and those that every guest could do without.
    static func of(_ inventories: [HostInventory], except known: Set<String>) -> [String] {
        let disks = inventories.flatMap(\.domains).flatMap(\.disks)
        let folders = disks.compactMap { disk -> String? in
            guard case .file(let path) = disk.source, path.hasPrefix("/") else { return nil }
            return DiskImage.folder(of: path)
        }
        return Array(
            Set(folders).subtracting(known.map(trimmed)).subtracting(["/"]).sorted()
                .prefix(most))
    }

    private static func trimmed(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}
