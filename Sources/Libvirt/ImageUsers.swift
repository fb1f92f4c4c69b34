internal import CLibvirt
import ClusterModel

/// Who on a host has to do with a file: domains, under whatever name they know it, and images that
/// lie over it.
struct ImageUsers {
    /// A domain of the host with its XML, live and as it will be started next.
    private struct User {
        var name: String
        var uuid: String
        var texts: [String]
        var paths: Set<String>
    }

    private let users: [User]
    private let connection: ConnectionHandle

    init(on connection: ConnectionHandle) throws {
        self.connection = connection
        users = try connection.domains().map { domain in
            let texts = try [0, VIR_DOMAIN_XML_INACTIVE.rawValue].map {
                flags throws(LibvirtFailure) in try domain.xml(flags: flags)
            }
            var paths: Set<String> = []
            for text in texts { try MarkupReader.read(text, root: "domain").addPaths(to: &paths) }
            return User(
                name: domain.name, uuid: try domain.uuid(), texts: texts, paths: paths)
        }
    }

    /// In words; nil for a file that nobody has to do with.
    func user(of image: DiskImage, _ volume: VolumeHandle) throws -> String? {
        let path = image.path.escapedForXML
        let stamp = try volume.stamp()
        for user in users {
            let isNamed = user.texts.contains { text in
                text.contains("'\(path)'") || text.contains(">\(path)<")
                    || text.contains("volume='\(image.volume.escapedForXML)'")
            }
            if isNamed || image.disk == DiskImage.tpm && image.path.contains(user.uuid)
                || user.paths.contains(where: { isSame($0, image, stamp) })
            {
                return "domain '\(user.name)'"
            }
        }
        return image.isState ? nil : try overlay(of: image)
    }

    /// Another spelling, or another name of the same file: a link shows its length and its times.
    /// Where no pool shows a path, one that ends alike is taken to be the same.
    private func isSame(_ other: String, _ image: DiskImage, _ stamp: String) -> Bool {
        if DiskImage.simplified(other) == DiskImage.simplified(image.path) { return true }
        if let found = connection.volume(at: other) {
            return (try? found.stamp()) ?? stamp == stamp
        }
        let folder = DiskImage.folder(of: other)
        return other.hasSuffix("/" + image.volume) && connection.pool(showing: folder) == nil
    }

    /// Clones that are shut off do not name what they lie over.
    private func overlay(of image: DiskImage) throws -> String? {
        for pool in try connection.activePools() {
            for volume in try pool.files() {
                let root = try? MarkupReader.read(volume.xml(), root: "volume")
                let base = root?.first("backingStore", "path")?.trimmedText
                guard base.map(DiskImage.simplified) == DiskImage.simplified(image.path) else {
                    continue
                }
                return "the image '\(volume.name)' of pool '\(pool.name)'"
            }
        }
        return nil
    }
}

extension MarkupElement {
    /// The paths of all sources in it, and of its UEFI variables.
    fileprivate func addPaths(to paths: inout Set<String>) {
        let own = name == "nvram" ? trimmedText : ""
        for path in [attribute("file"), attribute("dev"), own].compactMap({ $0 })
        where path.hasPrefix("/") {
            paths.insert(path)
        }
        for child in children { child.addPaths(to: &paths) }
    }
}
