import ClusterModel
import Foundation
import HypervisorInterface
import Simulation
import Synchronization
import Telemetry
import Testing

/// The fleet in a file: several processes in a row see one continuing world.
struct SimulatedFleetTests {
    /// A clock that a test moves.
    final class Clock: Sendable {
        let time = Mutex(Timestamp(seconds: 1_000_000))
        var read: @Sendable () -> Timestamp { { self.time.withLock { $0 } } }
        func pass(milliseconds: Int64) {
            time.withLock { $0 = $0.advanced(byMilliseconds: milliseconds) }
        }
    }

    let clock = Clock()
    let folder = Folder()
    var path: String { folder.url.appending(path: "fleet.json").path }

    /// A folder that goes with its test.
    final class Folder {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "kvmbalance-fleet-\(UUID().uuidString)")
        init() {
            try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(at: url) }
    }

    func world(domains: Int = 6) -> SimulatedWorld {
        SimulatedFleet.example(
            hosts: 3, domains: domains, seed: 7, now: Timestamp(seconds: 1_000_000))
    }

    func request(_ world: SimulatedWorld, to target: HostName) throws -> MigrationRequest {
        let domain = try #require(world.host("host1")?.domains.first)
        return MigrationRequest(
            domain: domain.id, target: target,
            targetURI: "simulated://\(path)?host=\(target)", migrateURI: "tcp://\(target)",
            isPersistent: true, options: MigrationOptions())
    }

    @Test func `a fleet survives its file`() async throws {
        let world = world()
        try SimulatedFleet.create(world, at: path)
        let fleet = try SimulatedFleet(file: path, clock: clock.read)
        #expect(try await fleet.present() == world)
    }

    @Test func `an example is the same every time`() {
        #expect(world() == world())
        let other = SimulatedFleet.example(
            hosts: 3, domains: 6, seed: 8, now: Timestamp(seconds: 1_000_000))
        #expect(other != world())
    }

    @Test func `a migration goes on while no process lives`() async throws {
        try SimulatedFleet.create(world(), at: path)
        let first = try SimulatedFleet(file: path, clock: clock.read)
        let request = try request(world(), to: "host2")
        let (inspector, actuator) = first.connection(for: "host1")
        let call = Task { try await actuator.migrate(request) }
        while try await inspector.sighting(of: request.domain).jobActive == false {
            try await Task.sleep(for: .milliseconds(1))
        }
        call.cancel()
        await #expect(throws: (any Error).self) { try await call.value }

        clock.pass(milliseconds: 3_600_000)
        let second = try SimulatedFleet(file: path, clock: clock.read)
        let source = try await second.connection(for: "host1").0.sighting(of: request.domain)
        let target = try await second.connection(for: "host2").0.sighting(of: request.domain)
        #expect(source.presence == .absent)
        #expect(target == DomainSighting(.running, isPersistent: true))
    }

    @Test func `two processes see each other's changes`() async throws {
        try SimulatedFleet.create(world(), at: path)
        let first = try SimulatedFleet(file: path, clock: clock.read)
        let second = try SimulatedFleet(file: path, clock: clock.read)
        let id = try #require(world().host("host1")?.domains.first?.id)
        try await first.connection(for: "host1").1.setAutostart(of: id, to: false)
        #expect(try await second.connection(for: "host1").0.sighting(of: id).autostart == false)
        try await second.connection(for: "host1").1.setAutostart(of: id, to: true)
        #expect(try await first.connection(for: "host1").0.sighting(of: id).autostart)
        #expect(try await first.present() == second.present())
    }

    @Test func `a migration reports its figures in real time`() async throws {
        var world = world()
        world.speed = 1000
        let fleet = SimulatedFleet(world: world)
        let request = try request(world, to: "host3")
        let statistics = try await fleet.connection(for: "host1").1.migrate(request)
        #expect(try #require(statistics).transferred ?? .zero >= .gibibytes(1))
        #expect(try await fleet.present().holders(of: request.domain) == ["host3"])
    }

    @Test func `a damaged file says what and where`() throws {
        try Data("{\"hosts\": 7}".utf8).write(to: URL(fileURLWithPath: path))
        let error = try #require(throws: FleetFileError.self) {
            try SimulatedFleet(file: path)
        }
        #expect(error.description.contains("is damaged"))
        #expect(throws: FleetFileError.self) { try SimulatedFleet(file: "/nowhere/fleet.json") }
    }

    @Test func `a caller may have its own names for the hosts`() async throws {
        let fleet = SimulatedFleet(world: world(), clock: clock.read)
        let (inspector, _) = fleet.connection(for: "host2", named: "blade-2")
        #expect(try await inspector.inventory().host == "blade-2")
        #expect(try await inspector.sample().host == "blade-2")
        let lost = fleet.connection(for: "host9", named: "blade-9").0
        let error = await #expect(throws: HypervisorError.self) { try await lost.sample() }
        #expect(error?.host == "blade-9")
    }

    @Test(arguments: [
        ("simulated:///tmp/a.json?host=host1", SimulatedURI(file: "/tmp/a.json", host: "host1")),
        ("simulated:///tmp/a%20b.json?host=h", SimulatedURI(file: "/tmp/a b.json", host: "h")),
        ("simulated:///tmp/a.json", nil), ("simulated://x/a.json?host=h", nil),
        ("qemu:///system?host=h", nil), ("simulated:?host=h", nil),
    ])
    func `a URI names file and host`(text: String, expected: SimulatedURI?) {
        #expect(SimulatedURI(text) == expected)
        if let expected { #expect(SimulatedURI(expected.description) == expected) }
    }

    @Test func `counters advance with the clock and never go back`() async throws {
        let fleet = SimulatedFleet(world: world(), clock: clock.read)
        let inspector = fleet.connection(for: "host1").0
        var last = try await inspector.sample()
        for _ in 0..<200 {
            clock.pass(milliseconds: 10_000)
            let next = try await inspector.sample()
            let (before, after) = (try #require(last.cpu), try #require(next.cpu))
            #expect(after.user >= before.user && after.idle >= before.idle)
            let busy = (after.busy + after.idle) - (before.busy + before.idle)
            #expect(abs(busy - 8 * 10_000_000_000) < 1000)
            for (early, late) in zip(last.domains, next.domains) {
                let used = try #require(late.cpuTime) - #require(early.cpuTime)
                #expect(used > 0 && used <= 10_000_000_000 * Int64(late.vcpus ?? 0))
            }
            last = next
        }
    }
}
