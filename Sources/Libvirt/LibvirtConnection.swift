import HypervisorInterface
import Synchronization

/// One connection to a libvirt daemon with its own thread: opened on first use, and again
/// after it broke.
///
/// The handles never leave it: whatever runs on it gets a `ConnectionHandle`, which is not
/// Sendable, and must return a value that is.
actor LibvirtConnection {
    private let uri: String
    private let readOnly: Bool
    private let identity: (any HostIdentity)?
    private let seat: SharedConnections.Seat?
    private let thread: SerialThread
    private var handle: ConnectionHandle? {
        didSet { openness.store(handle != nil, ordering: .relaxed) }
    }
    private nonisolated let openness = Atomic(false)
    private var refusal: OpenRefusal?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// - Parameter seat: a place on a connection that others use too; nil opens its own.
    init(
        uri: String, readOnly: Bool, identity: (any HostIdentity)? = nil,
        seat: SharedConnections.Seat? = nil
    ) {
        self.uri = uri
        self.readOnly = readOnly
        self.identity = identity
        self.seat = seat
        thread = SerialThread(name: "libvirt")
        OpenConnections.add(self)
    }

    // On the connection's own thread: closing is a call to the daemon and may block.
    isolated deinit {
        OpenConnections.remove(ObjectIdentifier(self))
        handle = nil
    }

    /// Runs a body of libvirt calls on this connection's thread. The ticket says whether anyone
    /// still wants it: what was given up while it waited is never begun.
    func perform<Value: Sendable>(
        _ ticket: CallTicket, _ body: @Sendable (ConnectionHandle) throws -> Value
    ) throws -> Value {
        guard ticket.begin() else {
            throw LibvirtFailure.refused("given up before it started")
        }
        let handle = try opened()
        do {
            return try body(handle)
        } catch var failure as LibvirtFailure {
            // Judged here, because isAlive resets libvirt's error and the failure has been copied.
            if !handle.isAlive {
                failure.isConnectionFailure = true
                self.handle = nil
            }
            throw failure
        }
    }

    func close() {
        handle = nil
        seat?.handle.close()
    }

    /// As far as is known without asking anybody: false after a call has failed because the
    /// connection was broken.
    nonisolated var isOpen: Bool { openness.load(ordering: .relaxed) }

    private func opened() throws -> ConnectionHandle {
        // It may have become known only now which machine this should be.
        if let handle, handle.isAlive, (try? handle.demand(identity)) != nil { return handle }
        handle = nil
        if let refusal, ContinuousClock.now < refusal.retryAt { throw refusal.failure }
        do {
            let fresh = try connected()
            handle = fresh
            refusal = nil
            return fresh
        } catch {
            refusal = OpenRefusal(failure: error, after: refusal)
            throw error
        }
    }

    private func connected() throws(LibvirtFailure) -> ConnectionHandle {
        guard let seat else {
            return try ConnectionHandle(uri: uri, readOnly: readOnly, identity: identity)
        }
        return try seat.handle.opened(uri: uri, readOnly: readOnly, identity: identity)
    }
}

/// Why a connection could not be opened, and when it is worth the next try.
private struct OpenRefusal {
    var failure: LibvirtFailure
    var pause: Duration
    var retryAt: ContinuousClock.Instant

    /// Twice as long after each failure, from 200 ms to 3 s: short enough that nobody waits for
    /// a host that is back, long enough that a dead one is not hammered.
    init(failure: LibvirtFailure, after earlier: OpenRefusal?) {
        self.failure = failure
        pause = min(.seconds(3), (earlier?.pause ?? .milliseconds(100)) * 2)
        retryAt = .now + pause
    }
}
