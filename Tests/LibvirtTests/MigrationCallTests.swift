import CLibvirt
import ClusterModel
import HypervisorInterface
import Testing

@testable import Libvirt

@Suite("Flags and parameters of a migration")
struct MigrationCallTests {
    private func request(
        persistent: Bool = true, mode: Step.Mode = .live, uri: String = "tcp://10.0.0.2",
        _ change: (inout MigrationOptions) -> Void = { _ in }
    ) -> MigrationRequest {
        var options = MigrationOptions()
        change(&options)
        return MigrationRequest(
            domain: "d", target: "b", targetURI: "qemu+tcp://b/system", migrateURI: uri,
            isPersistent: persistent, mode: mode, options: options)
    }

    private func flags(_ names: virDomainMigrateFlags...) -> UInt32 {
        names.reduce(0) { $0 | $1.rawValue }
    }

    @Test("A persistent domain takes its definition along and leaves none; a transient neither")
    func persistence() throws {
        let ordinary = try MigrationCall(request(), route: .peerToPeer)
        #expect(
            ordinary.flags
                == flags(
                    VIR_MIGRATE_LIVE, VIR_MIGRATE_PEER2PEER, VIR_MIGRATE_PERSIST_DEST,
                    VIR_MIGRATE_UNDEFINE_SOURCE))
        var kept = request(mode: .offline)
        kept.keepsDefinition = true
        for route in [MigrationCall.Route.peerToPeer, .managed] {
            let flags = try MigrationCall(kept, route: route).flags
            #expect(flags & VIR_MIGRATE_PERSIST_DEST.rawValue != 0)
            #expect(flags & VIR_MIGRATE_UNDEFINE_SOURCE.rawValue == 0)
        }
        let transient = try MigrationCall(request(persistent: false), route: .managed)
        #expect(transient.flags == flags(VIR_MIGRATE_LIVE))
        #expect(transient.migrateURI == "tcp://10.0.0.2")
    }

    @Test("Every option has its flag, and only when asked for")
    func options() throws {
        let base = flags(VIR_MIGRATE_LIVE, VIR_MIGRATE_PEER2PEER)
        func added(
            mode: Step.Mode = .live, _ change: (inout MigrationOptions) -> Void
        ) throws -> UInt32 {
            try MigrationCall(
                request(persistent: false, mode: mode, change), route: .peerToPeer
            ).flags & ~base
        }
        #expect(try added { $0.suspend = true } == VIR_MIGRATE_PAUSED.rawValue)
        #expect(try added { $0.unsafe = true } == VIR_MIGRATE_UNSAFE.rawValue)
        #expect(try added { $0.tunnelled = true } == VIR_MIGRATE_TUNNELLED.rawValue)
        #expect(try added { $0.autoConverge = true } == VIR_MIGRATE_AUTO_CONVERGE.rawValue)
        #expect(try added { $0.postcopy = true } == VIR_MIGRATE_POSTCOPY.rawValue)
        #expect(try added { $0.tls = true } == VIR_MIGRATE_TLS.rawValue)
        #expect(try added { $0.parallel = 4 } == VIR_MIGRATE_PARALLEL.rawValue)
        #expect(try added { $0.compression = .init() } == VIR_MIGRATE_COMPRESSED.rawValue)
        #expect(try added { _ in } == 0)
    }

    @Test("A post-copy that lost its link is taken up with what it was begun with")
    func resumption() throws {
        let begun = try MigrationCall(request { $0.whenStuck = .postcopy }, route: .managed)
        #expect(begun.resuming.flags & ~begun.flags == VIR_MIGRATE_POSTCOPY_RESUME.rawValue)
        #expect(begun.resuming.migrateURI == begun.migrateURI)
    }

    @Test("Disks are copied by name, whole or above their base; a cold move is no live one")
    func waysToMove() throws {
        var storage = request(mode: .storage)
        storage.copies = ["vda", "vdc"]
        let whole = try MigrationCall(storage, route: .managed)
        #expect(whole.flags & VIR_MIGRATE_NON_SHARED_DISK.rawValue != 0)
        let disks = try whole.parameters().use { list, count in
            UnsafeBufferPointer(start: list, count: Int(count)).filter {
                fixedString($0.field) == VIR_MIGRATE_PARAM_MIGRATE_DISKS
            }.compactMap { $0.value.s.map { String(cString: $0) } }
        }
        #expect(disks == ["vda", "vdc"])
        storage.isTopLayer = true
        let top = try MigrationCall(storage, route: .managed)
        #expect(top.flags & VIR_MIGRATE_NON_SHARED_DISK.rawValue == 0)
        #expect(top.flags & VIR_MIGRATE_NON_SHARED_INC.rawValue != 0)
        let cold = try MigrationCall(
            request(mode: .offline) {
                $0.autoConverge = true
                $0.bandwidth = 7
            }, route: .peerToPeer)
        #expect(
            cold.flags
                == flags(
                    VIR_MIGRATE_OFFLINE, VIR_MIGRATE_PEER2PEER, VIR_MIGRATE_PERSIST_DEST,
                    VIR_MIGRATE_UNDEFINE_SOURCE))
        #expect(try cold.parameters().use { $1 } == 1)
    }

    @Test("Parameters: the address always, but never through a tunnel")
    func parameters() throws {
        let call = try MigrationCall(
            request {
                $0.bandwidth = 100
                $0.parallel = 4
            }, route: .peerToPeer)
        let list = try call.parameters()
        let read = list.use { TypedParameters($0, count: Int32($1)) }
        #expect(
            read.values == [
                "migrate_uri": .text("tcp://10.0.0.2"), "bandwidth": .integer(100),
                "parallel.connections": .integer(4),
            ])
        let tunnel = try MigrationCall(request { $0.tunnelled = true }, route: .peerToPeer)
        #expect(tunnel.migrateURI == nil)
        #expect(try tunnel.parameters().use { $1 } == 0)
    }

    @Test("What cannot work is refused with a reason")
    func refusals() {
        func reason(
            _ request: MigrationRequest, _ route: MigrationCall.Route = .peerToPeer
        ) -> String? {
            do {
                _ = try MigrationCall(request, route: route)
                return nil
            } catch { return error.message }
        }
        #expect(
            reason(request(persistent: false, mode: .offline))?.contains("transient") == true)
        #expect(reason(request(mode: .storage))?.contains("no disk is named") == true)
        #expect(reason(request(uri: ""))?.contains("migrate URI") == true)
        #expect(reason(request(uri: "") { $0.tunnelled = true }) == nil)
        #expect(reason(request { $0.tunnelled = true }, .managed)?.contains("tunnel") == true)
        #expect(reason(request(mode: .storage) { $0.tunnelled = true })?.contains("disks") == true)
        #expect(
            reason(
                request {
                    $0.tunnelled = true
                    $0.parallel = 2
                })?.contains("tunnel") == true)
        #expect(
            reason(
                request {
                    $0.postcopy = true
                    $0.suspend = true
                })?.contains("post-copy") == true)
        #expect(reason(request { $0.parallel = 0 }) != nil)
        #expect(reason(request { $0.bandwidth = 0 }) != nil)
        #expect(reason(request { $0.bandwidth = 1 }) == nil)
    }

    @Test("The certificate is checked for the name of the target, with TLS only")
    func certificateName() throws {
        var encrypted = request { $0.tls = true }
        encrypted.tlsDestination = "host2"
        #expect(try MigrationCall(encrypted, route: .peerToPeer).tlsDestination == "host2")
        #expect(try MigrationCall(encrypted, route: .managed).tlsDestination == "host2")
        var plain = request()
        plain.tlsDestination = "host2"
        #expect(try MigrationCall(plain, route: .peerToPeer).tlsDestination == nil)
    }
}
