import ClusterModel
import Foundation
import HypervisorInterface
import Synchronization
import Testing

@testable import Libvirt

/// Which machine answers, over libvirt's own test driver.
struct HostIdentityTests {
    private static let uri = "test:///default"
    private static let nobody = DomainID("00000000-0000-0000-0000-000000000001")

    @Test func theUUIDStandsInTheCapabilities() throws {
        let xml = "<capabilities><host><uuid>8613ceca</uuid></host></capabilities>"
        #expect(try CapabilitiesXMLReader.uuid(xml) == "8613ceca")
        #expect(try CapabilitiesXMLReader.uuid("<capabilities><host/></capabilities>").isEmpty)
    }

    /// The driver tells no UUID: none that was seen there is demanded.
    @Test func nothingIsDemandedOfAHostThatHasNoUUID() async throws {
        let identity = Known("a")
        let host = LibvirtHost(host: "a", uri: Self.uri, identity: identity)
        identity.expect(try await host.inventory().facts.uuid)
        #expect(identity.expected == nil)
        #expect(try await host.sighting(of: Self.nobody).presence == .absent)
    }

    /// "Not known there" would be taken for proof.
    @Test func anotherMachineKnowsNothing() async throws {
        let identity = Known("a")
        let host = LibvirtHost(host: "a", uri: Self.uri, identity: identity)
        // Open already, when it becomes known which machine it should be.
        #expect(try await host.sighting(of: Self.nobody).presence == .absent)
        identity.expect("11111111-2222-3333-4444-555555555555")
        let sighting = try await host.sighting(of: Self.nobody)
        #expect(sighting.presence == .unknown)
        #expect(sighting.detail.contains("another machine"))
        await #expect {
            _ = try await host.inventory()
        } throws: { ($0 as? HypervisorError)?.kind == .unreachable }
        let actuator = LibvirtActuator(host: "a", uri: Self.uri, identities: ["a": identity])
        await #expect {
            try await actuator.undefine(Self.nobody)
        } throws: { "\($0)".contains("host_uuid") }
    }

    @Test func theTargetOfAManagedMigrationIsHeldAgainstItToo() async throws {
        // A world in a file is each connection's own.
        let file = NSTemporaryDirectory() + "kvmbalance-identity-\(UUID().uuidString).xml"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let id = DomainID("11111111-2222-3333-4444-555555555556")
        let xml =
            "<node><domain type='test'><name>made</name><uuid>\(id)</uuid>"
            + "<memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>"
            + "</node>"
        try xml.write(toFile: file, atomically: true, encoding: .utf8)
        let uri = "test://\(file)"
        let identity = Known("b")
        identity.expect("11111111-2222-3333-4444-555555555555")
        let actuator = LibvirtActuator(
            host: "a", uri: uri, uris: ["b": uri], identities: ["b": identity])
        var options = MigrationOptions()
        options.route = .managed
        let request = MigrationRequest(
            domain: id, target: "b", targetURI: uri, migrateURI: "tcp://b",
            isPersistent: true, options: options)
        await #expect {
            _ = try await actuator.migrate(request)
        } throws: { "\($0)".contains("b's address leads to another machine") }
    }

    /// The driver has no secrets.
    @Test func aHostThatKeepsNoLeaseSaysSo() async {
        let host = LibvirtHost(host: "a", uri: Self.uri)
        await #expect {
            _ = try await host.lease()
        } throws: { ($0 as? HypervisorError)?.kind == .unsupported }
    }

    private final class Known: HostIdentity {
        let host: HostName
        private let uuid = Mutex<String?>(nil)

        init(_ host: HostName) { self.host = host }
        var expected: String? { uuid.withLock(\.self) }
        func expect(_ uuid: String) {
            if !uuid.isEmpty { self.uuid.withLock { $0 = $0 ?? uuid } }
        }
    }
}
