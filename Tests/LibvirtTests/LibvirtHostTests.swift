import CLibvirt
import ClusterModel
import HypervisorInterface
import Telemetry
import Testing

@testable import Libvirt

/// Against libvirt's own test driver: one process-wide world, so one test after the other.
@Suite("A host behind libvirt's test driver", .serialized, .timeLimit(.minutes(1)))
struct LibvirtHostTests {
    private let uri = "test:///default"
    private let id: DomainID = "11111111-2222-3333-4444-555555555555"
    private var host: LibvirtHost { LibvirtHost(host: "a", uri: uri) }
    private var actuator: LibvirtActuator { LibvirtActuator(host: "a", uri: uri) }

    /// Keeps the driver's world alive while a test runs, and makes its domain.
    private func withDomain(
        started: Bool, _ body: (ConnectionLane) async throws -> Void
    ) async throws {
        let lane = ConnectionLane(host: "a", uri: uri)
        let xml = """
            <domain type='test'><name>made</name><uuid>\(id)</uuid>
            <memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>
            """
        try await lane.call("define", limit: .seconds(20)) {
            let domain = DomainHandle(owning: try checked($0.use { virDomainDefineXML($0, xml) }))
            if started { try checked(domain.use { virDomainCreate($0) }) }
        }
        do { try await body(lane) } catch {
            try? await remove(lane)
            throw error
        }
        try await remove(lane)
    }

    private func remove(_ lane: ConnectionLane) async throws {
        try await lane.call("remove", limit: .seconds(20)) { connection in
            guard let domain = try? connection.domain(id.rawValue) else { return }
            domain.use {
                virDomainDestroy($0)
                virDomainUndefine($0)
            }
        }
    }

    @Test("An inventory has the driver's host and every domain")
    func inventory() async throws {
        try await withDomain(started: false) { _ in
            let inventory = try await host.inventory()
            #expect(inventory.host == "a")
            #expect(inventory.facts.cells.count == 2)
            #expect(inventory.facts.networks == ["default"])
            #expect(inventory.facts.pools.map(\.name) == ["default-pool"])
            #expect(inventory.domains.map(\.name) == ["made", "test"])
            #expect(inventory.domains.map(\.state) == [.shutOff, .running])
            #expect(inventory.domains.map(\.isPersistent) == [true, true])
            #expect(inventory.domains[0].memory == .mebibytes(64))
            #expect(inventory.domains[0].balloon == nil)
            #expect(inventory.migratingOut.isEmpty)
            #expect(inventory.migratingIn.isEmpty)
        }
    }

    @Test("A sample has active domains only; what the driver does not tell is nil")
    func sample() async throws {
        try await withDomain(started: false) { _ in
            let sample = try await host.sample()
            #expect(sample.host == "a")
            #expect(sample.memory == nil)
            #expect(sample.domains.map(\.name) == ["test"])
            #expect(sample.domains[0].state == .running)
            #expect(sample.domains[0].cpuTime == nil)
        }
    }

    @Test("Sightings follow the domain; an unreachable host is unknown and no absence")
    func sightings() async throws {
        #expect(try await host.sighting(of: id).presence == .absent)
        try await withDomain(started: false) { lane in
            let inactive = try await host.sighting(of: id)
            #expect(inactive.presence == .inactive)
            #expect(inactive.isPersistent)
            try await lane.call("start", limit: .seconds(20)) {
                _ = try checked($0.domain(id.rawValue).use { virDomainCreate($0) })
            }
            let running = try await host.sighting(of: id)
            #expect(running.presence == .running)
            #expect(!running.jobActive)
            #expect(running.detail == "running, booted")
            try await lane.call("suspend", limit: .seconds(20)) {
                _ = try checked($0.domain(id.rawValue).use { virDomainSuspend($0) })
            }
            #expect(try await host.sighting(of: id).presence == .paused)
        }
        let gone = LibvirtHost(host: "b", uri: "qemu+unix:///system?socket=/nonexistent/sock")
        let sighting = try await gone.sighting(of: id)
        #expect(sighting.presence == .unknown)
        #expect(sighting.detail.contains("/nonexistent/sock"))
    }

    @Test("A driver without jobs has no migration under way")
    func progress() async throws {
        try await withDomain(started: true) { _ in
            let running = try await host.migrationProgress(of: id)
            #expect(running == nil)
        }
        let gone = try await host.migrationProgress(of: id)
        #expect(gone == nil)
    }

    @Test("Autostart is set, and seen in sighting and inventory")
    func autostart() async throws {
        try await withDomain(started: false) { _ in
            try await actuator.setAutostart(of: id, to: true)
            #expect(try await host.sighting(of: id).autostart)
            #expect(try await host.inventory().domains.first { $0.id == id }?.autostart == true)
            try await actuator.setAutostart(of: id, to: false)
            #expect(try await !host.sighting(of: id).autostart)
        }
    }

    @Test("Only a copy that a migration paused is destroyed")
    func destroy() async throws {
        try await withDomain(started: true) { lane in
            await #expect {
                try await actuator.destroyPausedCopy(of: id)
            } throws: { "\($0)".contains("running, booted and not paused by a migration") }
            try await lane.call("suspend", limit: .seconds(20)) {
                _ = try checked($0.domain(id.rawValue).use { virDomainSuspend($0) })
            }
            await #expect(throws: HypervisorError.self) {
                try await actuator.destroyPausedCopy(of: id)
            }
            #expect(try await host.sighting(of: id).presence == .paused)
            try await actuator.resume(id)
            #expect(try await host.sighting(of: id).presence == .running)
        }
    }

    @Test("A definition is removed, but not that of an active domain, nor with a saved state")
    func undefine() async throws {
        try await withDomain(started: true) { lane in
            await #expect {
                try await actuator.undefine(id)
            } throws: { "\($0)".contains("it is active (running, booted)") }
            try await lane.call("save", limit: .seconds(20)) {
                _ = try checked($0.domain(id.rawValue).use { virDomainManagedSave($0, 0) })
            }
            #expect(
                try await host.inventory().domains.first { $0.id == id }?.hasManagedSave == true)
            await #expect {
                try await actuator.undefine(id)
            } throws: { "\($0)".contains("saved state") }
            try await lane.call("drop", limit: .seconds(20)) {
                _ = try checked($0.domain(id.rawValue).use { virDomainManagedSaveRemove($0, 0) })
            }
            try await actuator.undefine(id)
            #expect(try await host.sighting(of: id).presence == .absent)
            await #expect {
                try await actuator.undefine(id)
            } throws: { ($0 as? HypervisorError)?.kind == .noDomain }
        }
    }

    @Test("Domain snapshots block, with their number")
    func snapshots() async throws {
        try await withDomain(started: true) { lane in
            try await lane.call("take a domain snapshot", limit: .seconds(20)) {
                let snapshot = try checked(
                    $0.domain(id.rawValue).use {
                        virDomainSnapshotCreateXML($0, "<domainsnapshot/>", 0)
                    })
                virDomainSnapshotFree(snapshot)
            }
            let facts = try await host.inventory().domains.first { $0.id == id }
            #expect(facts?.blockers.map(\.reason) == [.snapshot])
            #expect(facts?.blockers.first?.detail.contains("1 domain snapshot") == true)
            try await lane.call("drop it", limit: .seconds(20)) {
                let snapshot = try checked(
                    $0.domain(id.rawValue).use { virDomainSnapshotCurrent($0, 0) })
                virDomainSnapshotDelete(snapshot, 0)
                virDomainSnapshotFree(snapshot)
            }
        }
    }

    @Test("The driver cannot migrate, and says so by every route")
    func migrate() async throws {
        try await withDomain(started: true) { _ in
            for route in [MigrationOptions.Route.peerToPeer, .managed, .automatic] {
                var options = MigrationOptions()
                options.route = route
                let request = MigrationRequest(
                    domain: id, target: "b", targetURI: uri, migrateURI: "tcp://b",
                    isPersistent: true, options: options)
                let actuator = LibvirtActuator(host: "a", uri: uri, uris: ["b": uri])
                await #expect {
                    _ = try await actuator.migrate(request)
                } throws: { error in
                    let error = error as? HypervisorError
                    return error?.operation == "migrate to b" && error?.code != nil
                }
            }
        }
    }

    @Test("A managed migration to a host whose URI is not known is refused")
    func noTargetURI() async throws {
        try await withDomain(started: true) { _ in
            var options = MigrationOptions()
            options.route = .managed
            let request = MigrationRequest(
                domain: id, target: "b", targetURI: uri, migrateURI: "tcp://b",
                isPersistent: true, options: options)
            await #expect {
                _ = try await actuator.migrate(request)
            } throws: { "\($0)".contains("no URI by which this machine reaches b") }
        }
    }
}
