internal import CLibvirt

/// What libvirt tells of the lives of all domains of one connection
/// (`VIR_DOMAIN_EVENT_ID_LIFECYCLE`).
enum LifecycleEvents {
    /// The number to deregister it by; nil where the driver has no events.
    static func register(
        on connection: virConnectPtr, _ changed: @escaping @Sendable () -> Void
    ) -> Int32? {
        let opaque = Unmanaged.passRetained(Listener(changed)).toOpaque()
        let number = virConnectDomainEventRegisterAny(
            connection, nil, Int32(VIR_DOMAIN_EVENT_ID_LIFECYCLE.rawValue),
            unsafeBitCast(onChange, to: virConnectDomainEventGenericCallback.self), opaque,
            { opaque in
                guard let opaque else { return }
                Unmanaged<Listener>.fromOpaque(opaque).release()
            })
        guard number < 0 else { return number }
        Unmanaged<Listener>.fromOpaque(opaque).release()
        return nil
    }

    private static let onChange: virConnectDomainEventCallback = { _, _, _, _, opaque in
        guard let opaque else { return 0 }
        Unmanaged<Listener>.fromOpaque(opaque).takeUnretainedValue().changed()
        return 0
    }

    private final class Listener: Sendable {
        let changed: @Sendable () -> Void
        init(_ changed: @escaping @Sendable () -> Void) { self.changed = changed }
    }
}
