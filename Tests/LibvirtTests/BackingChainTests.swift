import ClusterModel
import Testing

@testable import Libvirt

@Suite("What lies under a disk")
struct BackingChainTests {
    /// A disk as the XML of a domain has it that does not run.
    private func domain(driver: String = "qcow2", _ inside: String = "") throws -> MarkupElement {
        try MarkupReader.read(
            DomainFixtures.domain(
                devices: """
                    <disk type='file' device='disk'><driver name='qemu' type='\(driver)'/>
                    <source file='/pool/top.qcow2'/>\(inside)<target dev='vda' bus='virtio'/></disk>
                    """), root: "domain")
    }

    /// Two images under the top, as libvirt tells of each.
    private static let volumes: [String: String] = [
        "/pool/top.qcow2": "<path>/pool/middle.qcow2</path><format type='qcow2'/>",
        "/pool/middle.qcow2": "<path>/srv/base.raw</path><format type='raw'/>",
    ]

    private func ask(_ source: Disk.Source) -> BackingLayer? {
        guard case .file(let path) = source, let store = Self.volumes[path] else { return nil }
        let xml = """
            <volume type='file'><name>v</name><backingStore>\(store)</backingStore>
            <target><format type='qcow2'/><timestamps><mtime>1341933637.273190990</mtime>
            <ctime>1341930622.047245868</ctime></timestamps></target></volume>
            """
        return try? VolumeXMLReader.read(xml).backing
    }

    @Test("The images of a domain that does not run are asked for theirs")
    func asked() throws {
        let facts = try DomainXMLReader.read(domain(), asking: ask)
        #expect(
            facts.disks.map(\.source) == [
                .file(path: "/pool/top.qcow2"), .file(path: "/pool/middle.qcow2"),
                .file(path: "/srv/base.raw"),
            ])
        #expect(facts.disks.map(\.overlay) == [nil, "vda", "vda"])
        #expect(facts.disks.map(\.isReadOnly) == [false, true, true])
    }

    @Test("What the XML says is not asked for, and a raw image lies over nothing")
    func named() throws {
        let none = try DomainXMLReader.read(domain("<backingStore/>"), asking: ask)
        #expect(none.disks.count == 1)
        let own = try DomainXMLReader.read(
            domain(
                "<backingStore type='file'><format type='raw'/><source file='/a'/></backingStore>"),
            asking: ask)
        #expect(own.disks.map(\.source) == [.file(path: "/pool/top.qcow2"), .file(path: "/a")])
        // Its guest could write a header into it that names any file of the host.
        #expect(try DomainXMLReader.read(domain(driver: "raw"), asking: ask).disks.count == 1)
    }

    @Test("A base that is reached over the network is not a file")
    func network() {
        #expect(
            BackingLayer(path: "nbd://a/b", format: nil).source
                == .other(type: "base image nbd://a/b"))
        #expect(BackingLayer(path: "/dev/vg/b", format: nil).source == .block(path: "/dev/vg/b"))
        #expect(BackingLayer(path: "nbd://a/b", format: nil).path == nil)
    }

    @Test("A chain without an end ends")
    func endless() throws {
        let layers = BackingChain.layers(of: try #require(try disk())) { _ in
            BackingLayer(path: "/pool/top.qcow2", format: "qcow2")
        }
        #expect(layers.count == 200)
    }

    private func disk() throws -> MarkupElement? { try domain().first("devices", "disk") }

    @Test("A volume says when its file changed")
    func times() throws {
        let volume = try VolumeXMLReader.read(
            """
            <volume><name>b</name><target><timestamps><atime>1.1</atime><mtime>2.5</mtime>
            <ctime>3.25</ctime></timestamps></target></volume>
            """)
        #expect(volume == .init(backing: nil, modified: "2.5", changed: "3.25"))
    }
}
