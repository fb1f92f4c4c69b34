internal import CLibvirt
package import ClusterModel
package import HypervisorInterface

/// The images of one real host, over libvirt's storage pools and streams.
package final class LibvirtImages: ImageKeeper {
    package let host: HostName
    let uri: String
    let options: LibvirtOptions
    /// URIs of the hosts as this process reaches them.
    let uris: [HostName: String]
    /// Which machines must answer at these, and at its own.
    let identities: [HostName: any HostIdentity]
    let control: ConnectionLane

    package init(
        host: HostName, uri: String, uris: [HostName: String] = [:],
        identities: [HostName: any HostIdentity] = [:], options: LibvirtOptions = LibvirtOptions()
    ) {
        self.host = host
        self.uri = uri
        self.uris = uris
        self.identities = identities
        self.options = options
        control = ConnectionLane(
            host: host, uri: uri, identity: identities[host], contactLimit: options.controlLimit)
    }

    package func images(
        of domain: DomainID, disks: [String], layer: Bool, firmware: Bool
    ) async throws -> [DiskImage] {
        try await control.call("read images", domain: domain, limit: options.inventoryLimit) {
            connection in
            let definition = try connection.domain(domain.rawValue)
            let xml = try definition.xml()
            let root = try MarkupReader.read(xml, root: "domain")
            if firmware,
                let loss = DomainXMLReader.coldLosses(of: root, name: definition.name).first
            {
                throw LibvirtFailure.refused(loss.detail, remedy: loss.remedy)
            }
            // Byte for byte, what has no base is simply copied whole.
            let rule: ImageReader.BaseRule = layer ? firmware ? .allowed : .required : .forbidden
            var images = try disks.map { disk in
                try ImageReader.image(of: disk, in: root, base: rule, connection)
            }
            if firmware, case .file(let path) = DomainXMLReader.variables(of: root) {
                images += try ImageReader.firmware(
                    at: path, isRunning: definition.isActive(), connection)
            }
            if firmware, let state = TPMState(of: root) {
                images += try state.images(connection, isRunning: definition.isActive())
            }
            return images
        }
    }

    package func stamp(of path: String) async throws -> FileStamp {
        try await control.call("look at \(path)", limit: options.inventoryLimit) { connection in
            let volume = try Self.volume(at: path, connection)
            let (description, sizes) = (try volume.description(), try volume.sizes())
            var stamp = FileStamp(length: sizes.length)
            // A device's own times say nothing of its bytes.
            if try volume.isFile() {
                (stamp.modified, stamp.changed) = (description.modified, description.changed)
            }
            stamp.storage = try volume.pool().facts().identity
            return stamp
        }
    }

    /// On its own thread and connection: it takes as long as it takes.
    package func checksum(
        of path: String, control: any CancellableProgress
    ) async throws -> String {
        let lane = ConnectionLane(
            host: host, uri: uri, identity: identities[host], contactLimit: options.controlLimit)
        return try await lane.call("read \(path)", limit: nil) { connection in
            let volume = try Self.volume(at: path, connection)
            control.begin(total: try volume.sizes().length)
            return try volume.tally(on: connection, control).text
        }
    }

    private static func volume(
        at path: String, _ connection: ConnectionHandle
    ) throws(LibvirtFailure) -> VolumeHandle {
        guard let volume = try connection.freshVolume(at: path) else {
            throw LibvirtFailure.refused(
                "no active pool here shows \(path)",
                remedy: "copy it there, and define and start a pool over its folder")
        }
        return volume
    }

    package func admit(_ images: [DiskImage], isVerbatim: Bool) async throws {
        try await control.call("check free space", limit: options.inventoryLimit) {
            try ImagePlaces.admit(images, isVerbatim: isVerbatim, $0)
        }
    }

    package func create(_ images: [DiskImage], control news: any CancellableProgress) async throws {
        try await control.call("make images", limit: options.inventoryLimit) {
            try ImagePlaces.create(images, news, $0)
        }
    }

    package func remove(_ images: [DiskImage], of domain: DomainID) async throws {
        try await control.call("remove images", domain: domain, limit: options.inventoryLimit) {
            try ImagePlaces.remove(images, $0)
        }
    }

    /// On its own thread and connection, as a migration: it takes as long as it takes.
    package func copy(
        _ images: [DiskImage], to target: HostName, control: any CancellableProgress
    ) async throws {
        guard let targetURI = uris[target] else {
            throw HypervisorError(
                kind: .unsupported, operation: "copy images", host: host,
                message: "this machine has no URI for \(target), to which it would copy")
        }
        // Each byte is sent once and read once to be compared.
        control.begin(total: Bytes(2 * images.reduce(0) { $0 + $1.length.count }))
        let lane = ConnectionLane(
            host: host, uri: uri, identity: identities[host], contactLimit: options.controlLimit)
        let identity = identities[target]
        try await lane.call("copy images to \(target)", limit: nil) { source in
            let there = try ConnectionHandle(uri: targetURI, readOnly: false, identity: identity)
            let copy = VolumeCopy(source: source, target: there, control: control)
            for image in images { try ImagePlaces.copy(image, by: copy) }
        }
    }

    // MARK: Down and up

    package func shutDown(
        _ domain: DomainID, within seconds: Int, control stop: any CancellableProgress
    ) async throws {
        let start = ContinuousClock.now
        try await ShutdownWait(for: domain, on: host, seconds: seconds).run(
            stop, elapsed: { Int64(start.duration(to: .now) / .milliseconds(1)) },
            sleep: { try await Task.sleep(for: .milliseconds($0)) },
            isDown: { try await order("look at domain", domain) { try !$0.isActive() } },
            ask: { try await order("shut down", domain) { try $0.shutDown(telling: stop) } })
    }

    private func order<Value: Sendable>(
        _ operation: String, _ domain: DomainID,
        _ body: @escaping @Sendable (DomainHandle) throws -> Value
    ) async throws -> Value {
        try await control.call(operation, domain: domain, limit: options.controlLimit) {
            try body($0.domain(domain.rawValue))
        }
    }
}

extension DomainHandle {
    /// Asks the guest; it is never powered off. The caller is notified right before: an answer that
    /// is lost does not mean that the guest has not heard.
    func shutDown(telling control: any CancellableProgress) throws(LibvirtFailure) {
        let condition = try state()
        guard !condition.isIn(VIR_DOMAIN_PAUSED), !condition.isIn(VIR_DOMAIN_PMSUSPENDED) else {
            throw .refused(
                "it is \(condition.words) and cannot react to a shutdown request",
                remedy: "resume it (virsh resume), or move it live")
        }
        guard try !hasManagedSave() else {
            throw .refused("it has a saved state, which would not move with it")
        }
        control.askedToShutDown()
        do {
            try checked(use { virDomainShutdownFlags($0, 0) })
        } catch {
            // It went down at that moment.
            guard error.has(VIR_ERR_OPERATION_INVALID), try !isActive() else { throw error }
        }
    }

    /// A guest that was paused is so again when it is started.
    func saveMemory() throws(LibvirtFailure) {
        try checked(use { virDomainManagedSave($0, 0) })
    }

    func start() throws(LibvirtFailure) {
        if try isActive() { return }
        try checked(use { virDomainCreate($0) })
    }
}
