import Foundation
import HypervisorInterface
import Synchronization

/// The connections over which one host is read and its peer-to-peer migrations are asked for.
///
/// Opening one costs an ssh login and the start of a process on the host, as much as sending a
/// small guest's memory. libvirt lets several threads use a connection, and its daemon carries out
/// five requests of one at the same time (`max_client_requests`): four users, each with one call at
/// a time, never wait for each other. They stay open as long as the host's reader and actuator.
package final class SharedConnections: Sendable {
    static let usersEach = 4

    private struct Entry {
        let handle: SharedHandle
        var users = 0
    }

    private let entries = Mutex<[Entry]>([])

    package init() {}

    /// A place on the first connection that has room, for as long as the seat is kept.
    func take() -> Seat {
        let handle = entries.withLock { entries in
            if let free = entries.firstIndex(where: { $0.users < Self.usersEach }) {
                entries[free].users += 1
                return entries[free].handle
            }
            let handle = SharedHandle()
            entries.append(Entry(handle: handle, users: 1))
            return handle
        }
        return Seat(on: handle, of: self)
    }

    fileprivate func leave(_ handle: SharedHandle) {
        entries.withLock { entries in
            for index in entries.indices where entries[index].handle === handle {
                entries[index].users -= 1
            }
        }
    }

    /// One user's place on a connection: a call that never comes back keeps it.
    final class Seat: Sendable {
        let handle: SharedHandle
        private let connections: SharedConnections

        fileprivate init(on handle: SharedHandle, of connections: SharedConnections) {
            (self.handle, self.connections) = (handle, connections)
        }

        deinit { connections.leave(handle) }
    }
}

/// A connection that several threads use at the same time. libvirt's are made for that, and of a
/// `ConnectionHandle` all that changes is what its inventory alone uses.
final class SharedHandle: @unchecked Sendable {
    private let lock = NSLock()
    private var handle: ConnectionHandle?

    /// The one that is open, or a fresh one: whoever comes meanwhile waits for it.
    func opened(
        uri: String, readOnly: Bool, identity: (any HostIdentity)?
    ) throws(LibvirtFailure) -> ConnectionHandle {
        lock.lock()
        defer { lock.unlock() }
        if let handle, handle.isAlive, (try? handle.demand(identity)) != nil { return handle }
        handle = nil
        let fresh = try ConnectionHandle(uri: uri, readOnly: readOnly, identity: identity)
        handle = fresh
        return fresh
    }

    /// Whoever uses it keeps it until it is done; the next opens another.
    func close() { lock.withLock { handle = nil } }
}
