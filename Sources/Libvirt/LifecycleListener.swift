internal import CLibvirt

/// Told of the lives of all domains of one connection (`VIR_DOMAIN_EVENT_ID_LIFECYCLE`).
final class LifecycleListener: Sendable {
    private let changed: @Sendable () -> Void

    init(_ changed: @escaping @Sendable () -> Void) { self.changed = changed }

    /// The number to deregister it by; nil where the driver has no events.
    func register(on connection: ConnectionHandle) -> Int32? {
        connection.register(VIR_DOMAIN_EVENT_ID_LIFECYCLE, Self.onChange, for: self)
    }

    private static let onChange: virConnectDomainEventCallback = { _, _, _, _, opaque in
        guard let opaque else { return 0 }
        Unmanaged<LifecycleListener>.fromOpaque(opaque).takeUnretainedValue().changed()
        return 0
    }
}
