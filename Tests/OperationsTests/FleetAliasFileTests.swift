import Foundation
import PlacementPolicy
import Testing

@testable import Operations

/// A fleet file whose hosts go by the aliases of libvirt's own configuration.
struct FleetAliasFileTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("aliases-\(UUID().uuidString)")

    /// The fleet that is read with this alias, after the folder was removed.
    private func read(
        _ uri: String, mode: mode_t = 0o644, as name: String = "big"
    ) throws -> Fleet {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (fleet, libvirt) = ("\(folder.path)/fleet.yaml", "\(folder.path)/libvirt.conf")
        try "hosts: [{name: a, uri: \(name)}]\n".write(
            toFile: fleet, atomically: true, encoding: .utf8)
        try "uri_aliases = [\n  \"big=\(uri)\",\n]\n".write(
            toFile: libvirt, atomically: true, encoding: .utf8)
        chmod(libvirt, mode)
        return try FleetFile.read(fleet, libvirt: libvirt).fleet
    }

    @Test func `the URI that it stands for is the host's`() throws {
        let fleet = try read("qemu+ssh://root@big.example.org/system")
        #expect(fleet.hosts[0].uri == "qemu+ssh://root@big.example.org/system")
        #expect(fleet.hosts[0].address == "big.example.org")
    }

    @Test func `an unknown one is refused with the file where it was looked for`() {
        #expect {
            try read("qemu+ssh://h/system", as: "small")
        } throws: {
            "\($0)".contains("'small'") && "\($0)".contains("libvirt.conf (uri_aliases)")
        }
    }

    @Test func `what others can write there names no programs`() {
        #expect {
            try read("qemu+ssh://h/system?command=/tmp/x", mode: 0o666)
        } throws: {
            "\($0)".contains("libvirt.conf") && "\($0)".contains("'command='")
                && "\($0)".contains("root alone")
        }
    }
}
