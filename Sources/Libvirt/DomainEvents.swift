internal import CLibvirt

/// Callbacks for what libvirt tells of domains.
extension ConnectionHandle {
    /// Registers a C callback for an event of one domain, or of all; it gets `listener` as its
    /// opaque pointer, which is kept until it is deregistered. Gives the number to deregister it
    /// by; nil where the driver has no such event.
    func register<Callback>(
        _ event: virDomainEventID, of domain: DomainHandle? = nil, _ callback: Callback,
        for listener: AnyObject
    ) -> Int32? {
        let opaque = Unmanaged.passRetained(listener).toOpaque()
        // libvirt takes every kind of callback as the one generic kind (VIR_DOMAIN_EVENT_CALLBACK).
        let generic = unsafeBitCast(callback, to: virConnectDomainEventGenericCallback.self)
        func register(_ domain: virDomainPtr?) -> Int32 {
            use { connection in
                virConnectDomainEventRegisterAny(
                    connection, domain, Int32(event.rawValue), generic, opaque,
                    { opaque in
                        guard let opaque else { return }
                        Unmanaged<AnyObject>.fromOpaque(opaque).release()
                    })
            }
        }
        let number = domain.map { $0.use(register) } ?? register(nil)
        guard number < 0 else { return number }
        Unmanaged<AnyObject>.fromOpaque(opaque).release()
        return nil
    }

    func deregister(_ number: Int32) {
        _ = use { virConnectDomainEventDeregisterAny($0, number) }
    }
}
