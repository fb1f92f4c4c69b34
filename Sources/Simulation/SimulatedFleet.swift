package import ClusterModel
import Foundation
package import HypervisorInterface

/// A simulated world in real time, behind the same doors as libvirt: for `make demo` without root,
/// for the benchmark, and for trying kvmbalance out.
///
/// With a file, the world outlives the process: what goes on by itself is decided by the file's
/// content and the clock, so reading changes nothing and a migration under way when its process
/// dies goes on, as a peer-to-peer one would.
package actor SimulatedFleet {
    private var world: SimulatedWorld
    private let file: FleetFile?
    private var version: FleetFile.Version?
    private let clock: @Sendable () -> Timestamp

    /// A fleet in memory, for this process alone.
    package init(world: SimulatedWorld, clock: @escaping @Sendable () -> Timestamp = wallClock) {
        self.world = world
        self.clock = clock
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
    }

    /// A fleet whose file is read when it is first asked: where that fails its hosts are out of reach,
    /// and the caller's other hosts are not.
    package init(unread path: String) {
        file = FleetFile(path: path)
        world = SimulatedWorld(hosts: [], now: Timestamp(milliseconds: 0))
        clock = Self.wallClock
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

    /// Both doors to one host. `name` is how the caller calls it, where that differs.
    package nonisolated func door(
        for host: HostName, named name: HostName? = nil
    ) -> (any HostInspector, any MigrationActuator) {
        let door = SimulatedDoor(fleet: self, place: host, host: name ?? host)
        return (door, door)
    }

    /// The door that measures.
    package nonisolated func probe(
        for host: HostName, named name: HostName? = nil
    ) -> any MemoryProbe {
        SimulatedDoor(fleet: self, place: host, host: name ?? host)
    }

    /// The names of its hosts, in order.
    package func hosts() throws -> [HostName] { try read { $0.hosts.map(\.name) } }

    /// The world as it is at this moment.
    package func present() throws -> SimulatedWorld { try read { $0 } }

    /// Breaks something, now.
    package func strike(_ fault: SimulatedFault) throws { try change { $0.strike(fault) } }

    // MARK: Reading and changing

    /// Looks at the world as it is now. Nothing is written: the next one to look comes to the same.
    func read<Value>(_ look: (SimulatedWorld) throws -> Value) throws -> Value {
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
    func change<Value>(_ body: (inout SimulatedWorld) throws -> Value) throws -> Value {
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
