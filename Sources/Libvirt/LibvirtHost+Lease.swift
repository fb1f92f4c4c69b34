internal import CLibvirt
package import HypervisorInterface

/// A lease is a secret without a value, with the lease in its description.
///
/// libvirt keeps one secret for each use of one type, so that of two who define it at the same
/// moment one is refused (virSecretObjListAdd). Everybody who may read the host sees it, no file of
/// ours is needed, and nothing is ever started by it. It takes no connection besides those that
/// read the host: each costs an ssh login, between the command and its first migration.
extension LibvirtHost: LeaseKeeper {
    static let leaseUse = "kvmbalance-lease"

    package func lease() async throws -> HostLease? {
        try await questions.call("read the lease", limit: options.controlLimit) {
            try Self.found(on: $0)
        }
    }

    package func lay(_ lease: HostLease) async throws -> Bool {
        try await questions.call("lay a lease", limit: options.controlLimit) { connection in
            let xml =
                "<secret ephemeral='no' private='no'><uuid>\(lease.id)</uuid>"
                + "<description>\(lease.text.escapedForXML)</description>"
                + "<usage type='tls'><name>\(Self.leaseUse)</name></usage></secret>"
            do {
                virSecretFree(try checked(connection.use { virSecretDefineXML($0, xml, 0) }))
                return true
            } catch let failure {
                guard let other = try? Self.found(on: connection), other.id != lease.id else {
                    throw failure
                }
                return false
            }
        }
    }

    package func lift(_ id: String) async throws {
        try await questions.call("lift a lease", limit: options.controlLimit) { connection in
            do {
                let secret = try checked(connection.use { virSecretLookupByUUIDString($0, id) })
                defer { virSecretFree(secret) }
                try checked(virSecretUndefine(secret))
            } catch let failure as LibvirtFailure where failure.has(VIR_ERR_NO_SECRET) {}
        }
    }

    package func wayToLift(_ id: String) -> String {
        "virsh -c '\(uri)' secret-undefine \(id)"
    }

    private static func found(
        on connection: ConnectionHandle
    ) throws(LibvirtFailure) -> HostLease? {
        let type = Int32(VIR_SECRET_USAGE_TYPE_TLS.rawValue)
        let secret: virSecretPtr
        do {
            secret = try checked(connection.use { virSecretLookupByUsage($0, type, Self.leaseUse) })
        } catch  where error.has(VIR_ERR_NO_SECRET) {
            return nil
        }
        defer { virSecretFree(secret) }
        var buffer = [CChar](repeating: 0, count: Int(VIR_UUID_STRING_BUFLEN))
        try checked(virSecretGetUUIDString(secret, &buffer))
        let id = buffer.withUnsafeBufferPointer { text in
            text.baseAddress.map { String(cString: $0) } ?? ""
        }
        let xml = try ownedString(virSecretGetXMLDesc(secret, 0))
        let text = (try? MarkupReader.read(xml, root: "secret"))?.first("description")?.trimmedText
        return HostLease(id: id, text: text ?? "")
    }
}
