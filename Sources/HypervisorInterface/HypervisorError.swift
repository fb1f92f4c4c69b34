package import ClusterModel

/// An operating error at the border to a hypervisor: which operation on which host and domain
/// failed, with what code, and where it helps what to try.
package struct HypervisorError: Error, Hashable, Sendable {
    /// What callers decide on; everything else is for people.
    package enum Kind: String, Hashable, Codable, Sendable {
        /// The host or its daemon cannot be reached, or the connection broke.
        case unreachable
        /// The host did not answer within the time it was given.
        case timeout
        /// The source's daemon cannot reach the target's: a peer-to-peer move is impossible.
        case peerUnreachable = "peer-unreachable"
        case noDomain = "no-domain"
        /// A live migration without shared storage (libvirt's own check).
        case unsafe
        case aborted
        /// The target cannot run the guest: CPU, machine type, network, memory.
        case incompatible
        case unsupported
        case denied
        case failed
    }

    package var kind: Kind
    package var operation: String
    package var host: HostName
    package var domain: String?
    /// libvirt's error number (virErrorNumber); nil where the error is not libvirt's.
    package var code: Int?
    /// One line of at most 1 KiB, whatever a daemon said: it goes to terminals, logs, the journal
    /// and the database.
    package private(set) var message: String
    package var remedy: String?

    package init(
        kind: Kind, operation: String, host: HostName, domain: String? = nil, code: Int? = nil,
        message: String, remedy: String? = nil
    ) {
        self.kind = kind
        self.operation = operation
        self.host = host
        self.domain = domain
        self.code = code
        self.message = OutsideText.reason(message)
        self.remedy = remedy.map(OutsideText.oneLine)
    }
}

extension HypervisorError: CustomStringConvertible {
    package var description: String {
        let object = domain.map { " of domain '\($0)'" } ?? ""
        let number = code.map { " (libvirt error \($0))" } ?? ""
        let advice = remedy.map { ". Maybe \($0)" } ?? ""
        return "\(operation)\(object) on \(host): \(message)\(number)\(advice)"
    }
}
