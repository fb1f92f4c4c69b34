import ClusterModel
import HypervisorInterface

/// One image on its way from host to host, as the process sees it that copies.
struct SimulatedCopy: Hashable, Sendable {
    var image: DiskImage
    var source: HostName
    var target: HostName
    /// The source's file as it was when the copy began.
    var file: SimulatedFile
    /// Connections that broke before it began.
    var breaks: [Int]
}

/// Copying an image through the process that asks for it: it dies with its process, and with either
/// connection.
extension SimulatedWorld {
    mutating func beginCopy(
        of image: DiskImage, from source: HostName, to target: HostName,
        with mistake: SimulatedMistake?
    ) throws(HypervisorError) -> SimulatedCopy {
        let what = "copy images to \(target)"
        try reach(source, operation: what)
        guard let file = host(source)?.file(image.path) else {
            throw failure(what, name: source, "\(image.path) is gone")
        }
        try makeImage(image, on: target, with: mistake)
        if let domain = file.content?.domain { fire(.copying(domain)) }
        return SimulatedCopy(
            image: image, source: source, target: target, file: file,
            breaks: [breaks(of: source), breaks(of: target)])
    }

    /// Bytes a second; zero while a network carries nothing. Throws once a connection broke.
    func rate(of copy: SimulatedCopy) throws(HypervisorError) -> Bytes {
        let what = "copy images to \(copy.target)"
        try reach(copy.source, operation: what)
        try reach(copy.target, operation: what)
        guard [breaks(of: copy.source), breaks(of: copy.target)] == copy.breaks else {
            throw failure(what, name: copy.source, "Cannot write data: Broken pipe")
        }
        return min(share(of: copy.source, among: 1), share(of: copy.target, among: 1))
    }

    /// All was sent: what arrived is what was there if nobody wrote meanwhile.
    mutating func endCopy(_ copy: SimulatedCopy) throws(HypervisorError) {
        _ = try rate(of: copy)
        guard let index = index(of: copy.target),
            var file = hosts[index].file(copy.image.path), file.maker == .keeper
        else { return }
        file.content = copy.file.content
        file.madeFrom = copy.file.content?.version ?? 0
        file.isWhole = copy.file.isWhole && host(copy.source)?.file(copy.image.path) == copy.file
        file.durableFrom = now.advanced(byMilliseconds: span(Self.writebackMilliseconds))
        hosts[index].put(file, at: copy.image.path)
    }

    /// What arrived is read back. A guest that wrote meanwhile is not seen by it.
    func verify(_ copy: SimulatedCopy) throws(HypervisorError) {
        _ = try rate(of: copy)
        let what = "copy images to \(copy.target)"
        guard let file = host(copy.target)?.file(copy.image.path) else {
            throw failure(what, name: copy.target, "the copy of \(copy.image.path) is gone")
        }
        guard file.maker == .keeper, file.content == copy.file.content else {
            throw failure(
                what, name: copy.target, "the copy of \(copy.image.path) is not what was sent")
        }
    }

    private func breaks(of host: HostName) -> Int { truth?.breaks[host.rawValue] ?? 0 }

    /// Every connection to the host is cut.
    mutating func breakConnections(to host: HostName) {
        guard hasTruth else { return }
        know { $0.breaks[host.rawValue, default: 0] += 1 }
    }
}
