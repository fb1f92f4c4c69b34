import ClusterModel
import HypervisorInterface

/// What a call is about, for its error.
struct CallContext: Hashable, Sendable {
    var operation: String
    var host: HostName
    var domain: String?
}

/// A connection for one purpose, with a time limit on its calls.
///
/// A call that overruns gives its caller an error; its thread stays blocked. The lane then goes on
/// with a second connection, because what blocks is often one domain's stuck monitor, and the next
/// NOWAIT sample steps over it. When that one is stuck too the daemon itself is: later calls fail
/// at once until a connection comes back.
actor ConnectionLane {
    private let host: HostName
    private let uri: String
    private let readOnly: Bool
    private let identity: (any HostIdentity)?
    private let seat: SharedConnections.Seat?
    /// For opening a connection, where that is not known to be open; a call's limit, where it is
    /// shorter, holds for it too.
    private let contactLimit: Duration
    private var current: LibvirtConnection?
    private var stuck = 0

    private static let mostStuck = 2

    init(
        host: HostName, uri: String, readOnly: Bool = false, identity: (any HostIdentity)? = nil,
        contactLimit: Duration = LibvirtOptions().contactLimit,
        seat: SharedConnections.Seat? = nil
    ) {
        self.host = host
        self.uri = uri
        self.readOnly = readOnly
        self.seat = seat
        self.contactLimit = contactLimit
        self.identity = identity
    }

    func call<Value: Sendable>(
        _ operation: String, domain: DomainID? = nil, limit: Duration?,
        _ body: @escaping @Sendable (ConnectionHandle) throws -> Value
    ) async throws -> Value {
        let context = CallContext(operation: operation, host: host, domain: domain?.rawValue)
        let connection = try usable(context)
        try await contact(connection, within: min(contactLimit, limit ?? contactLimit), context)
        let ticket = CallTicket()
        do {
            return try await withDeadline(limit) { try await connection.perform(ticket, body) }
        } catch is DeadlineExceeded {
            let wasBegun = ticket.abandon()
            giveUp(connection)
            throw HypervisorError(overdueAfter: limit ?? .zero, wasBegun: wasBegun, context)
        } catch let failure as LibvirtFailure {
            throw HypervisorError(failure, context)
        }
    }

    /// Nobody has to wait for a dead host as long as for a large answer.
    private func contact(
        _ connection: LibvirtConnection, within limit: Duration, _ context: CallContext
    ) async throws {
        guard !connection.isOpen else { return }
        let ticket = CallTicket()
        do {
            try await withDeadline(limit) { try await connection.perform(ticket) { _ in } }
        } catch is DeadlineExceeded {
            _ = ticket.abandon()
            giveUp(connection)
            throw HypervisorError(noContactWithin: limit, context)
        } catch let failure as LibvirtFailure {
            throw HypervisorError(failure, context)
        }
    }

    private func usable(_ context: CallContext) throws -> LibvirtConnection {
        if let current { return current }
        guard stuck < Self.mostStuck else {
            throw HypervisorError(
                kind: .timeout, operation: context.operation, host: host, domain: context.domain,
                message: "\(stuck) earlier calls to this host have not come back",
                remedy: "its libvirtd hangs, or the network swallows packets")
        }
        let fresh = LibvirtConnection(
            uri: uri, readOnly: readOnly, identity: identity, seat: seat)
        current = fresh
        return fresh
    }

    private func giveUp(_ connection: LibvirtConnection) {
        guard current === connection else { return }
        current = nil
        stuck += 1
        OpenConnections.remove(ObjectIdentifier(connection))
        Task {
            // Queued behind the call that is stuck, on the same thread.
            await connection.close()
            cameBack()
        }
    }

    private func cameBack() { stuck -= 1 }
}
