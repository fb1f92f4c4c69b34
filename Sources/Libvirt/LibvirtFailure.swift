internal import CLibvirt
import Foundation

/// An error as libvirt left it behind, with what is needed to judge it.
struct LibvirtFailure: Error, Hashable, Sendable {
    /// virErrorNumber and virErrorDomain; 0 where the failure is our own.
    var code: Int
    var origin: Int
    var message: String
    /// Did the connection itself fail: it could not be opened, or it was closed when the call
    /// came back?
    var isConnectionFailure = false
    /// Set where we refuse and libvirt was not to blame.
    var kind: Refusal?
    var remedy: String?
    /// The source's daemon could not connect to the target's.
    var blamesPeer = false

    /// Why a call was refused before libvirt was asked.
    enum Refusal: Hashable, Sendable {
        case failed, unsupported
    }

    /// libvirt's last error on this thread. Must be called on the thread of the failed call and
    /// before any other call to libvirt: the error is thread-local and every call resets it.
    static func last() -> LibvirtFailure {
        guard let error = virGetLastError() else {
            return LibvirtFailure(code: 0, origin: 0, message: "libvirt gave no reason")
        }
        let text = error.pointee.message.map { String(cString: $0) } ?? "libvirt gave no message"
        return LibvirtFailure(
            code: Int(error.pointee.code), origin: Int(error.pointee.domain), message: text)
    }

    static func refused(
        _ message: String, kind: Refusal = .failed, remedy: String? = nil
    ) -> LibvirtFailure {
        LibvirtFailure(code: 0, origin: 0, message: message, kind: kind, remedy: remedy)
    }

    func has(_ number: virErrorNumber) -> Bool { code == Int(number.rawValue) }

    /// Could the source's daemon not connect to the target's at this URI? It does so before it
    /// touches the domain (qemuMigrationSrcPerformPeer2Peer), and says so, or passes on the error
    /// of its client. QEMU's errors, of TLS above all, come from the migration itself. A failed
    /// connection between the two QEMUs reads like one between daemons but for the port.
    ///
    /// Whether it was our own connection that failed, `isConnectionFailure` tells.
    func meansUnreachablePeer(_ peerURI: String) -> Bool {
        if message.contains("Failed to connect to remote libvirt URI") {
            return has(VIR_ERR_OPERATION_FAILED)
        }
        guard Self.clients.contains(origin) else { return false }
        let port = URLComponents(string: peerURI)?.port
        let ports = (port.map { [$0] } ?? [16509, 16514]).map { ":\($0)'" }
        return (Self.clientWords + ports).contains { message.contains($0) }
    }

    /// Parts of libvirt that only its client's side of a connection reports errors as.
    private static let clients = Set(
        [VIR_FROM_RPC, VIR_FROM_REMOTE, VIR_FROM_AUTH].map { Int($0.rawValue) })

    private static let clientWords = [
        "Unable to resolve address", "ssh: ", "Host key verification failed",
        "Permission denied (", "authentication failed", "certificate",
    ]
}

/// Passes a result on, or throws libvirt's last error when the result says that there is one.
@discardableResult
func checked(_ result: Int32) throws(LibvirtFailure) -> Int32 {
    guard result >= 0 else { throw .last() }
    return result
}

/// Passes a pointer on, or throws libvirt's last error when there is none.
func checked<Pointer>(_ pointer: Pointer?) throws(LibvirtFailure) -> Pointer {
    guard let pointer else { throw .last() }
    return pointer
}
