import ClusterModel
import Foundation
import HypervisorInterface
import Synchronization
import TestSupport
import Testing

@testable import Libvirt

/// A managed migration to a host whose daemon hangs.
@Suite("A target that is silent", .timeLimit(.minutes(1)))
struct SilentTargetTests {
    private static let id: DomainID = "11111111-2222-3333-4444-555555555559"

    /// Waiting for it comes before the call that migrates, and has its own limit: where it were
    /// part of that call, which has none, nobody would be told.
    @Test("It is waited for as long as for any order, and nothing begins afterwards")
    func silent() async throws {
        let file = NSTemporaryDirectory() + "kvmbalance-silent-\(UUID().uuidString).xml"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try """
        <node><domain type='test'><name>made</name><uuid>\(Self.id)</uuid>
        <memory unit='MiB'>64</memory><os><type>hvm</type></os></domain></node>
        """.write(toFile: file, atomically: true, encoding: .utf8)
        let target = try SilentSocket()
        var limits = LibvirtOptions()
        limits.controlLimit = .milliseconds(700)
        let actuator = LibvirtActuator(
            host: "a", uri: "test://\(file)", uris: ["b": target.uri], options: limits)
        var options = MigrationOptions()
        options.route = .managed
        let request = MigrationRequest(
            domain: Self.id, target: "b", targetURI: target.uri, migrateURI: "tcp://b",
            isPersistent: true, options: options)
        let end = Ending()
        Task {
            do { _ = try await actuator.migrate(request) } catch {
                end.set(error as? HypervisorError)
            }
        }
        for _ in 0..<200 where end.error == nil { try await Task.sleep(for: .milliseconds(50)) }
        let error = try #require(end.error, "it is still waited for")
        #expect(error.kind == .timeout && error.operation == "migrate to b", "\(error)")
        #expect(error.message == "no answer within 700 ms", "\(error)")
        withExtendedLifetime(target) {}
    }

    private final class Ending: Sendable {
        private let state = Mutex<HypervisorError?>(nil)
        var error: HypervisorError? { state.withLock(\.self) }
        func set(_ error: HypervisorError?) { state.withLock { $0 = error } }
    }
}
