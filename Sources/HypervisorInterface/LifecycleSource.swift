/// A host that tells when one of its domains is defined, started, stopped, moved or removed.
package protocol LifecycleSource: Sendable {
    /// Listens from now on, unless it does already. An event says only that something changed:
    /// look.
    ///
    /// To be called again from time to time: a connection that broke is deaf until then.
    func listen(_ changed: @escaping @Sendable () -> Void) async throws
}
