internal import CLibvirt
package import ClusterModel
package import HypervisorInterface

/// What proves that nothing is lost when a domain moves cold.
extension LibvirtImages {
    package func stamps(of images: [DiskImage]) async throws -> [String: String] {
        try await control.call("look at images", limit: options.inventoryLimit) { connection in
            var stamps: [String: String] = [:]
            for image in images {
                if try TPMState.hasNoPlace(for: image, connection) { continue }
                stamps[image.path] = try connection.withPool(showing: image.folder) {
                    pool -> String? in
                    guard let volume = try pool.volume(image.volume) else { return nil }
                    // Only files tell when they were written to.
                    return try volume.isFile()
                        ? volume.stamp() : volume.samples(on: connection)
                }
            }
            return stamps
        }
    }

    /// On its own connection, as long as it takes to read them.
    package func differing(
        _ images: [DiskImage], on target: HostName
    ) async throws -> [DiskImage] {
        guard let targetURI = uris[target] else {
            throw HypervisorError(
                kind: .unsupported, operation: "compare images", host: host,
                message: "this machine has no URI for \(target), where it would look")
        }
        let lane = ConnectionLane(
            host: host, uri: uri, identity: identities[host], contactLimit: options.controlLimit)
        let identity = identities[target]
        return try await lane.call("compare images with \(target)", limit: nil) { source in
            let copy = VolumeCopy(
                source: source,
                target: try ConnectionHandle(
                    uri: targetURI, readOnly: false, identity: identity))
            return try images.filter { image in
                let here = try copy.tally(of: image, on: source)
                return try here == nil || copy.tally(of: image, on: copy.target) != here
            }
        }
    }

    package func unflushed(
        _ images: [DiskImage], of domain: DomainID
    ) async throws -> [DiskImage] {
        try await control.call("read flushes", domain: domain, limit: options.lookLimit) {
            connection in
            let handle = try connection.domain(domain.rawValue)
            let root = try MarkupReader.read(handle.xml(), root: "domain")
            return try images.filter { image in
                let disk = root.first("devices")?.all("disk").first {
                    $0.first("target")?.attribute("dev") == image.disk
                }
                // Such a disk lets flushes pass without doing anything.
                if disk?.first("driver")?.attribute("cache") == "unsafe" { return true }
                return try handle.flushes(of: image.disk) == 0
            }
        }
    }

    package func copyDefinition(_ request: MigrationRequest) async throws {
        let (targetURI, identity) = (uris[request.target], identities[request.target])
        try await control.call(
            "define on \(request.target)", domain: request.domain, limit: options.inventoryLimit
        ) { connection in
            guard let targetURI else {
                throw LibvirtFailure.refused(
                    "no URI by which this machine reaches \(request.target)")
            }
            let domain = try connection.domain(request.domain.rawValue)
            guard try !domain.isActive() else {
                throw LibvirtFailure.refused(
                    "it is active (\(try domain.state().words)): its definition stays where it is")
            }
            let flags = VIR_DOMAIN_XML_SECURE.rawValue | VIR_DOMAIN_XML_INACTIVE.rawValue
            let kept = try domain.xml(flags: flags)
            let target = try ConnectionHandle(
                uri: targetURI, readOnly: false, identity: identity)
            let xml =
                HostXMLTranslation.reaching(target, request, from: kept)?.translated(kept) ?? kept
            let made = try checked(target.use { virDomainDefineXMLFlags($0, xml, 0) })
            virDomainFree(made)
        }
    }

    /// A terabyte at 50 MB/s, so that a disk that hangs ends the waiting and not the save.
    private static let longestSave = Duration.seconds(6 * 3600)

    /// On a separate connection: whatever else is asked of this host does not wait for it.
    package func saveMemory(of domain: DomainID) async throws {
        let lane = ConnectionLane(
            host: host, uri: uri, identity: identities[host], contactLimit: options.controlLimit)
        try await lane.call("save memory", domain: domain, limit: Self.longestSave) { connection in
            try connection.domain(domain.rawValue).saveMemory()
        }
    }

    package func start(_ domain: DomainID, with images: [DiskImage]) async throws {
        try await control.call("start", domain: domain, limit: options.inventoryLimit) {
            connection in
            let handle = try connection.domain(domain.rawValue)
            if try handle.isActive() { return }
            for image in images where image.isState { try Self.demand(image, connection) }
            try handle.start()
        }
    }

    private static func demand(_ image: DiskImage, _ connection: ConnectionHandle) throws {
        var isThere = false
        if try !TPMState.hasNoPlace(for: image, connection) {
            isThere = try connection.withPool(showing: image.folder) { pool in
                try pool.volume(image.volume).map { try $0.sizes().length.count > 0 } ?? false
            }
        }
        guard !isThere else { return }
        let what = image.disk == DiskImage.tpm ? "state of its TPM" : "UEFI variables"
        throw LibvirtFailure.refused(
            "the \(what) is not at \(image.path): it would be given a fresh one",
            remedy: "find the file before you start it; the other host of the move may have it")
    }
}

extension HostXMLTranslation {
    /// For a definition on its way to this host; nil where nothing is bound to the source, or the
    /// host does not tell what it has: then it goes as it is, as libvirt would send it.
    fileprivate static func reaching(
        _ target: ConnectionHandle, _ request: MigrationRequest, from xml: String
    ) -> Self? {
        let terms = Terms(of: request)
        guard isBound(xml, terms) else { return nil }
        return HostXMLTranslation(terms, for: try? target.cpusAndCells())
    }
}

extension DomainHandle {
    /// How many requests to flush a disk its QEMU has carried out; zero where it does not say.
    fileprivate func flushes(of disk: String) throws(LibvirtFailure) -> Int64 {
        var count: Int32 = 0
        try checked(use { virDomainBlockStatsFlags($0, disk, nil, &count, 0) })
        guard count > 0 else { return 0 }
        var parameters = [virTypedParameter](repeating: virTypedParameter(), count: Int(count))
        try checked(use { virDomainBlockStatsFlags($0, disk, &parameters, &count, 0) })
        let read = parameters.withUnsafeMutableBufferPointer { buffer in
            defer { virTypedParamsClear(buffer.baseAddress, count) }
            return TypedParameters(buffer.baseAddress, count: count)
        }
        return read.integer(VIR_DOMAIN_BLOCK_STATS_FLUSH_REQ) ?? 0
    }
}
