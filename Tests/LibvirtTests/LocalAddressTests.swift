import ClusterModel
import Testing

@testable import Libvirt

@Suite("Addresses that mean another machine on each host")
struct LocalAddressTests {
    @Test(
        arguments: [
            "localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.5.5.5", "::1", "[::1]",
            "ip6-localhost", "0.0.0.0", "nas.localhost", "::ffff:127.0.0.1",
            "localhost.localdomain",
        ])
    func `are known`(_ name: String) throws {
        #expect(LocalAddress.isLoopback(name))
        let pool = try StoragePoolXMLReader.read(
            """
            <pool type='netfs'><name>p</name><source><host name='\(name)'/><dir path='/export'/>
            <format type='nfs'/></source><target><path>/srv/p</path></target></pool>
            """)
        #expect(pool.identity == nil)
    }

    @Test(
        arguments: ["nas", "10.0.0.1", "fd00::1", "localhost7", "127.example.org", "128.0.0.1"])
    func `and others are not`(_ name: String) { #expect(!LocalAddress.isLoopback(name)) }

    @Test("One monitor by localhost is enough: that is another one elsewhere")
    func monitors() throws {
        let pool = try StoragePoolXMLReader.read(
            """
            <pool type='rbd'><name>p</name><source><host name='m1'/><host name='localhost'/>
            <name>vms</name></source></pool>
            """)
        #expect(pool.identity == nil)
    }

    /// The source of a disk of type network, and where its bytes lie.
    static let disks: [(source: String, place: Disk.Source)] = [
        (
            "<source protocol='nbd'><host name='localhost' port='10809'/></source>",
            .other(type: "nbd by localhost")
        ),
        (
            "<source protocol='nbd'><host transport='unix' socket='/run/nbd'/></source>",
            .other(type: "nbd by a unix socket")
        ),
        (
            "<source protocol='iscsi' name='iqn.2024:x/1'><host name='[::1]'/></source>",
            .other(type: "iscsi by [::1]")
        ),
        (
            "<source protocol='nbd' name='x'><host name='store'/></source>",
            .network(protocol: "nbd", name: "x")
        ),
        ("<source protocol='rbd' name='p/v'/>", .network(protocol: "rbd", name: "p/v")),
    ]

    @Test("A disk that is reached through one is not the same elsewhere", arguments: disks)
    func disk(_ disk: (source: String, place: Disk.Source)) throws {
        let facts = try DomainXMLReader.read(
            DomainFixtures.domain(
                devices:
                    "<disk type='network' device='disk'>\(disk.source)<target dev='vda'/></disk>"
            ))
        #expect(facts.disks.map(\.source) == [disk.place])
    }
}
