import ClusterModel

/// The images under a disk, from the top.
///
/// The XML of a domain that runs names all of them. That of one that does not run names none,
/// unless somebody wrote them there: then every image is asked for the file that it lies over.
enum BackingChain {
    /// libvirt itself follows no longer chain.
    private static let longest = 200

    /// `ask` gives the file under an image, and nil where there is none or nobody knows.
    static func layers<Failure: Error>(
        of disk: MarkupElement, asking ask: (Disk.Source) throws(Failure) -> BackingLayer?
    ) throws(Failure) -> [BackingLayer] {
        guard !disk.has("backingStore") else { return disk.backingStores.map(BackingLayer.init) }
        // A raw image lies over nothing: whatever its first bytes look like, the guest wrote them.
        guard let format = disk.first("driver")?.attribute("type"), format != "raw" else {
            return []
        }
        var layers: [BackingLayer] = []
        var source = DomainXMLReader.source(of: disk)
        while layers.count < longest, let next = try ask(source) {
            layers.append(next)
            guard next.format != "raw" else { break }
            source = next.source
        }
        return layers
    }
}

/// An image under another.
struct BackingLayer: Hashable, Sendable {
    var source: Disk.Source
    /// nil where nobody says.
    var format: String?

    /// As a domain's XML has it.
    init(_ store: MarkupElement) {
        source = DomainXMLReader.source(of: store)
        format = store.first("format")?.attribute("type")
    }

    /// As an image names it in its header: libvirt makes a path of a file's name, and leaves what
    /// is reached over the network as it is written.
    init(path: String, format: String?) {
        if path.hasPrefix("/dev/") {
            source = .block(path: path)
        } else if path.hasPrefix("/") {
            source = .file(path: path)
        } else {
            source = .other(type: "base image \(path)")
        }
        self.format = format
    }

    /// Where it lies on its host; nil for what is not a file or a device.
    var path: String? {
        switch source {
        case .file(let path), .block(let path): path
        case .none, .volume, .network, .other: nil
        }
    }
}
