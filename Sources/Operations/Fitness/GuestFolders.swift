import ClusterModel
import HypervisorInterface

/// Where the files of a fleet's guests are.
enum GuestFolders {
    /// Each is looked at on every host: more would take minutes.
    static let most = 64

    /// Sorted, without those that are `known`.
    static func of(_ inventories: [HostInventory], except known: Set<String>) -> [String] {
        Array(
            Set(inventories.flatMap(folders)).subtracting(known.map(DiskImage.simplified))
                .subtracting(["/"])
                .sorted()
                .prefix(most))
    }

    static func has(_ inventory: HostInventory, _ folder: String) -> Bool {
        folders(inventory).contains(folder)
    }

    private static func folders(_ inventory: HostInventory) -> [String] {
        inventory.domains.flatMap(\.disks).compactMap { disk in
            guard case .file(let path) = disk.source, path.hasPrefix("/") else { return nil }
            return DiskImage.folder(of: path)
        }
    }
}
