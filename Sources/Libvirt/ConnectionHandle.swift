internal import CLibvirt
import Foundation
import Synchronization

/// An open connection to a libvirt daemon. Not Sendable on purpose: it stays on the thread of the
/// `LibvirtConnection` that made it, and is closed when it is let go.
final class ConnectionHandle {
    private let pointer: virConnectPtr
    private let closed: ClosedFlag
    private var lifecycle: Int32?

    /// The daemon is asked for a sign of life this often, and given up after as many are missed.
    private static let keepAliveSeconds: Int32 = 5
    private static let keepAliveCount: UInt32 = 5

    init(uri: String, readOnly: Bool) throws(LibvirtFailure) {
        LibvirtRuntime.start()
        let address = Self.unattended(uri)
        let open = { readOnly ? virConnectOpenReadOnly(address) : virConnectOpen(address) }
        let opened = Self.mayAsk(address) ? TerminalQuestion.allow(open) : open()
        guard let opened else {
            var failure = LibvirtFailure.last()
            failure.isConnectionFailure = true
            throw failure
        }
        pointer = opened
        closed = ClosedFlag()
        // Local drivers have neither keepalives nor a close callback: both may fail.
        _ = virConnectSetKeepAlive(opened, Self.keepAliveSeconds, Self.keepAliveCount)
        let opaque = Unmanaged.passRetained(closed).toOpaque()
        let registered = virConnectRegisterCloseCallback(
            opened, Self.onClose, opaque,
            { opaque in
                guard let opaque else { return }
                Unmanaged<ClosedFlag>.fromOpaque(opaque).release()
            })
        if registered < 0 { Unmanaged<ClosedFlag>.fromOpaque(opaque).release() }
    }

    deinit {
        // Without this the callbacks' references would keep the connection open forever.
        if let lifecycle { deregister(lifecycle) }
        virConnectUnregisterCloseCallback(pointer, Self.onClose)
        virConnectClose(pointer)
    }

    private static let onClose: virConnectCloseFunc = { _, _, opaque in
        guard let opaque else { return }
        Unmanaged<ClosedFlag>.fromOpaque(opaque).takeUnretainedValue().set()
    }

    /// Lends the pointer for one call and keeps the connection open meanwhile: Swift may let go of
    /// an object after its last use, which is before the call that got its pointer has returned.
    func use<Value>(_ call: (virConnectPtr) -> Value) -> Value {
        withExtendedLifetime(self) { call(pointer) }
    }

    /// False once the connection broke. Asks nobody, but forgets libvirt's last error.
    var isAlive: Bool { !closed.isSet && use { virConnectIsAlive($0) } == 1 }

    /// Tells of changes of its domains for as long as it is open. A driver without events tells
    /// nothing.
    func listen(_ changed: @escaping @Sendable () -> Void) {
        if lifecycle == nil { lifecycle = LifecycleListener(changed).register(on: self) }
    }

    func domain(_ uuid: String) throws(LibvirtFailure) -> DomainHandle {
        DomainHandle(owning: try checked(use { virDomainLookupByUUIDString($0, uuid) }))
    }

    /// ssh must not ask for a password on the terminal of a program that nobody watches.
    static func unattended(_ uri: String) -> String {
        guard uri.split(separator: ":").first?.hasSuffix("+ssh") == true,
            !uri.contains("no_tty=")
        else { return uri }
        return uri + (uri.contains("?") ? "&" : "?") + "no_tty=1"
    }

    /// Unless somebody who is there wants to be asked.
    private static func mayAsk(_ uri: String) -> Bool {
        uri.contains("+ssh:") && uri.contains("no_tty=0")
    }
}

/// Set by libvirt's event thread when a connection was closed.
private final class ClosedFlag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}
