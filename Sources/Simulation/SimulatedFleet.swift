package import ClusterModel
import Foundation
package import HypervisorInterface

/// A simulated world in real time, behind the same connections as libvirt: for `make demo` without
/// root, for the benchmark, and for trying kvmbalance out.
///
/// With a file, the world outlives the process: what goes on by itself is decided by the file's
/// content and the clock, so reading changes nothing and a migration under way when its process
/// dies goes on, as a peer-to-peer one would.
package actor SimulatedFleet: WorldHolder {
    private var world: SimulatedWorld
    private let file: FleetFile?
    private var version: FleetFile.Version?
    package nonisolated let clock: @Sendable () -> Timestamp
    private nonisolated let pause: @Sendable (_ milliseconds: Int64) async throws -> Void
    /// How long a call waits before it looks again: another process may change a fleet in a file.
    private nonisolated let pollMilliseconds: Int64

    /// A fleet in memory, for this process alone. What takes time waits by `sleep`.
    package init(
        world: SimulatedWorld, clock: @escaping @Sendable () -> Timestamp = wallClock,
        sleep: @escaping @Sendable (_ milliseconds: Int64) async throws -> Void = realSleep
    ) {
        self.world = world
        self.clock = clock
        pause = sleep
        pollMilliseconds = 1000
        file = nil
    }

    /// A fleet that lives in a file.
    package init(
        file path: String, clock: @escaping @Sendable () -> Timestamp = wallClock
    ) throws(FleetFileError) {
        let file = FleetFile(path: path)
        version = try file.version()
        world = try file.read()
        self.file = file
        self.clock = clock
        pause = Self.realSleep
        pollMilliseconds = 100
    }

    /// A fleet whose file is read when it is first asked: where that fails its hosts are out of
    /// reach, and the caller's other hosts are not.
    package init(unread path: String) {
        file = FleetFile(path: path)
        world = SimulatedWorld(hosts: [], now: Timestamp(milliseconds: 0))
        clock = Self.wallClock
        pause = Self.realSleep
        pollMilliseconds = 100
    }

    /// Writes a new fleet's file; what was there is replaced.
    package static func create(
        _ world: SimulatedWorld, at path: String
    ) throws(FleetFileError) {
        let file = FleetFile(path: path)
        try file.locked { () throws(FleetFileError) in try file.write(world) }
    }

    package static let wallClock: @Sendable () -> Timestamp = {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    package static let realSleep: @Sendable (_ milliseconds: Int64) async throws -> Void = {
        try await Task.sleep(for: .milliseconds($0))
    }

    /// All connections to one host, by URIs that this fleet understands.
    package nonisolated func hostConnection(
        for host: HostName, named name: HostName? = nil, with mistake: SimulatedMistake? = nil
    ) -> HostConnection {
        var connection = SimulatedConnection(fleet: self, place: host, host: name ?? host)
        connection.mistake = mistake
        let uri = SimulatedURI(file: file?.path ?? "/memory", host: host).description
        return HostConnection(
            inspector: connection, actuator: connection, controllerURI: uri, peerURI: uri,
            migrateURI: "tcp://\(host)", images: connection, identity: connection.identity,
            leases: connection)
    }

    /// Both connections to one host. `name` is how the caller calls it, where that differs.
    package nonisolated func connection(
        for host: HostName, named name: HostName? = nil, identity: (any HostIdentity)? = nil
    ) -> (any HostInspector, any MigrationActuator & LeaseKeeper) {
        let connection = SimulatedConnection(
            fleet: self, place: host, host: name ?? host, identity: identity)
        return (connection, connection)
    }

    /// The connection that measures.
    package nonisolated func probe(
        for host: HostName, named name: HostName? = nil
    ) -> any DirtyRateProbe {
        SimulatedConnection(fleet: self, place: host, host: name ?? host)
    }

    /// The names of its hosts, in order.
    package func hosts() throws -> [HostName] { try read { $0.hosts.map(\.name) } }

    /// The world as it is at this moment.
    package func present() throws -> SimulatedWorld { try read { $0 } }

    /// Breaks something, now.
    package func inject(_ fault: SimulatedFault) throws { try change { $0.inject(fault) } }

    // MARK: Waiting

    package func waitForChange(atMost milliseconds: Int64) async throws {
        try await pause(max(1, min(milliseconds, pollMilliseconds)))
    }

    package func sleep(_ milliseconds: Int64) async throws { try await pause(milliseconds) }
    package func called(_ migration: Int) {}
    package func returned(_ migration: Int) {}

    // MARK: Reading and changing

    /// Looks at the world as it is now. Nothing is written: the next one to look comes to the same.
    package func read<Value: Sendable>(
        _ look: @Sendable (SimulatedWorld) throws -> Value
    ) throws -> Value {
        if let file {
            let present = try file.version()
            if present != version {
                world = try file.read()
                version = present
            }
        }
        world.advance(to: clock())
        return try look(world)
    }

    /// Changes the world under the file's lock; a refused change is not written.
    package func change<Value: Sendable>(
        _ body: @Sendable (inout SimulatedWorld) throws -> Value
    ) throws -> Value {
        guard let file else {
            world.advance(to: clock())
            return try body(&world)
        }
        let result = try file.locked { () throws(FleetFileError) -> Result<Value, any Error> in
            let present = try file.version()
            if present != version { world = try file.read() }
            world.advance(to: clock())
            var changed = world
            let result = Result { try body(&changed) }
            if case .success = result {
                try file.write(changed)
                world = changed
            }
            version = try file.version()
            return result
        }
        return try result.get()
    }
}
