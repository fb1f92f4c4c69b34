import CLibvirt
import ClusterModel
import Foundation
import HypervisorInterface
import Testing

@testable import Libvirt

/// Whose a file is before it is removed, in a world of libvirt's test driver.
@Suite("Users of an image", .timeLimit(.minutes(1)))
struct ImageUsersTests {
    private static let image = DiskImage(
        disk: "vda", path: "/pool/a.qcow2", pool: "images", volume: "a.qcow2", format: "qcow2",
        capacity: 1000, length: 1000, allocation: 0)

    private static func domain(_ disks: String...) -> String {
        let all = disks.map {
            "<disk type='file'><source file='\($0)'/><target dev='vda'/></disk>"
        }
        return "<domain type='test'><name>other</name><memory>1024</memory>"
            + "<uuid>11111111-2222-3333-4444-555555555557</uuid><os><type>hvm</type></os>"
            + "<devices>\(all.joined())</devices></domain>"
    }

    private static func volume(_ name: String, capacity: Int = 1000, over base: String? = nil)
        -> String
    {
        let store = base.map { "<backingStore><path>\($0)</path></backingStore>" } ?? ""
        return "<volume><name>\(name)</name><capacity>\(capacity)</capacity>"
            + "<target><format type='qcow2'/></target>\(store)</volume>"
    }

    /// Who uses the image; `next` is how the domain is to be started next.
    private func user(
        _ domain: String = Self.domain(), next: String? = nil, beside volumes: String...
    ) async throws -> String? {
        let file = NSTemporaryDirectory() + "kvmbalance-users-\(UUID().uuidString).xml"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let all = ([Self.volume("a.qcow2")] + volumes).joined()
        try """
        <node>\(domain)<pool type='dir'><name>images</name>\(all)
        <uuid>11111111-2222-3333-4444-555555555558</uuid>
        <target><path>/pool</path></target></pool></node>
        """.write(toFile: file, atomically: true, encoding: .utf8)
        let lane = ConnectionLane(host: "a", uri: "test://\(file)")
        return try await lane.call("look for users", limit: .seconds(20)) { connection in
            if let next {
                let defined = try checked(connection.use { virDomainDefineXML($0, next) })
                virDomainFree(defined)
            }
            let volume = try #require(try connection.pool("images").volume("a.qcow2"))
            return try ImageUsers(on: connection).user(of: Self.image, volume)
        }
    }

    @Test("A file that nobody has to do with may be removed")
    func unused() async throws {
        #expect(try await user(beside: Self.volume("b.qcow2", capacity: 2000)) == nil)
        #expect(
            try await user(
                Self.domain("/pool/b.qcow2"), beside: Self.volume("b.qcow2", capacity: 2000))
                == nil)
    }

    @Test(
        "One that a domain names may not, however it spells it",
        arguments: [
            "/pool/a.qcow2", "//pool/./a.qcow2", "/pool/../pool/a.qcow2", "/pool/a.qcow2/.",
        ])
    func spelled(path: String) async throws {
        #expect(
            try await user(Self.domain(path))
                == "domain 'other'")
    }

    @Test("Nor one that a domain which runs will have when it is started next")
    func nextBoot() async throws {
        #expect(
            try await user(Self.domain(), next: Self.domain("/pool//a.qcow2"))
                == "domain 'other'")
    }

    @Test("Nor one that lies under an image of a clone that is off")
    func clone() async throws {
        #expect(
            try await user(beside: Self.volume("clone.qcow2", over: "/pool/./a.qcow2"))
                == "the image 'clone.qcow2' of pool 'images'")
    }

    @Test("Nor one that a domain has under another name, which shows the same length and times")
    func link() async throws {
        #expect(
            try await user(
                Self.domain("/pool/link.qcow2"), beside: Self.volume("link.qcow2"))
                == "domain 'other'")
        // Where no pool shows the folder, a path that ends alike is taken to be the same.
        #expect(try await user(Self.domain("/mnt/a.qcow2")) == "domain 'other'")
        #expect(try await user(Self.domain("/mnt/b.qcow2")) == nil)
    }
}
