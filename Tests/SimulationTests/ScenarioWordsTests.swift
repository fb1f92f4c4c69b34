import ClusterModel
import FaultScenarios
import Foundation
import Scenarios
import Simulation
import Testing

/// The words of scenario folders for what moves cold or with its images.
struct ScenarioWordsTests {
    static let cluster = """
        hosts:
          - {name: host1, memory: 16GiB}
          - {name: host2, memory: 16GiB}
        domains:
          - {name: web1, host: host1, disk: local, size: 4GiB, uefi: source, shutdown: 40s}
          - {name: web2, host: host1, tpm: kept, uefi: plain, shutdown: never}
          - {name: web3, host: host1}
        """

    static let faults = """
        about: All words.
        drain: [host1]
        faults:
          - {at: 1s, fault: power-cut, host: host2, for: 9s}
          - {when: web1 is asked, fault: guest-late, domain: web1, for: 9s}
          - {when: web1 is down, fault: guest-deaf, domain: web2}
          - {when: web1 is copied, fault: start-fails, domain: web1, host: host2}
          - {when: web1 has ended, fault: foreign-file, host: host2, path: /srv/x}
        """

    /// Writes a folder, reads it and removes it again.
    static func read(_ faults: String = faults) throws -> ScenarioFolder {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "kvmbalance-words-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try cluster.write(
            to: folder.appending(path: "cluster.yaml"), atomically: true, encoding: .utf8)
        try faults.write(
            to: folder.appending(path: "faults.yaml"), atomically: true, encoding: .utf8)
        return try ScenarioFolder(at: folder)
    }

    @Test func `a cluster tells of disks, firmware and manners`() throws {
        let world = try Self.read().world
        let guests = world.host("host1")?.domains.map(\.guest)
        #expect(
            guests == [
                SimulatedGuest(
                    shutdown: .late(milliseconds: 40_000),
                    firmware: .init(
                        path: "/var/lib/libvirt/qemu/nvram/web1_VARS.fd", form: .source)),
                SimulatedGuest(
                    shutdown: .never,
                    firmware: .init(path: "/var/lib/libvirt/qemu/nvram/web2_VARS.fd"),
                    tpm: .init(isKept: true)), nil,
            ])
        let disk = world.host("host1")?.file("/var/lib/libvirt/images/web1.qcow2")
        #expect(disk?.length == .gibibytes(4))
        #expect(world.follows("id-of-web2") && !world.follows("id-of-web3"))
    }

    @Test func `faults have their words and their moments`() throws {
        let start = try Self.read().world.now
        let (web1, web2): (DomainID, DomainID) = ("id-of-web1", "id-of-web2")
        #expect(
            try Self.read().world.schedule == [
                ScheduledFault(
                    .at(start.advanced(byMilliseconds: 1000)),
                    .powerCut("host2", downMilliseconds: 9000)),
                ScheduledFault(.asked(web1), .guestLate(web1, milliseconds: 9000)),
                ScheduledFault(.down(web1), .guestDeaf(web2)),
                ScheduledFault(.copying(web1), .startFails(web1, on: "host2")),
                ScheduledFault(.ended(web1), .foreignFile("host2", path: "/srv/x")),
            ])
        #expect(throws: ScenarioFolder.Unreadable.self) {
            try Self.read("about: a\ndrain: [host1]\nfaults:\n  - {when: web1 is off, fault: x}\n")
        }
    }
}
