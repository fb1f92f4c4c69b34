import Synchronization

/// All connections of this process, so that they can be closed before it ends.
package enum OpenConnections {
    private struct Entry: Sendable {
        weak var connection: LibvirtConnection?
    }

    private static let all = Mutex<[ObjectIdentifier: Entry]>([:])

    static func add(_ connection: LibvirtConnection) {
        all.withLock { $0[ObjectIdentifier(connection)] = Entry(connection: connection) }
    }

    /// One that is gone, or hangs in a call: nobody waits for it at the end.
    static func remove(_ connection: ObjectIdentifier) {
        all.withLock { $0[connection] = nil }
    }

    /// Takes leave of every daemon, and ends what libvirt started for the connections. To be called
    /// when nothing is asked of any host any more.
    package static func closeAll() async {
        let open = all.withLock { $0.values.compactMap(\.connection) }
        _ = try? await withDeadline(.seconds(1)) {
            await withTaskGroup(of: Void.self) { group in
                for connection in open { group.addTask { await connection.close() } }
            }
        }
        ChildProcesses.end()
    }
}
