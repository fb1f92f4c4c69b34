import ClusterModel
import Testing

@testable import Libvirt

@Suite("Networks, bridges and devices as libvirt tells of them")
struct NetworkReaderTests {
    @Test("A network's mode, bridge, VLANs and portgroups")
    func network() throws {
        let lan = try NetworkXMLReader.read(
            """
            <network><name>lan</name><forward mode='bridge'/><bridge name='br0'/>
              <virtualport type='openvswitch'/><vlan trunk='yes'><tag id='7'/><tag id='5'/></vlan>
              <portgroup name='prod' default='yes'><vlan><tag id='10'/></vlan></portgroup>
              <portgroup name='dmz'/>
            </network>
            """)
        #expect(lan.forward == "bridge" && lan.bridge == "br0" && !lan.isOfItsHost)
        #expect(lan.vlans == [5, 7])
        #expect(
            lan.portgroups == [
                LibvirtNetwork.Portgroup(name: "dmz"),
                LibvirtNetwork.Portgroup(name: "prod", isDefault: true, vlans: [10]),
            ])
        #expect(lan.vlans(of: nil) == [10] && lan.vlans(of: "dmz") == [5, 7])
    }

    @Test(
        "A network of its host alone",
        arguments: [
            ("<forward mode='nat'/>", "nat"), ("<forward/>", "nat"), ("", nil),
            ("<forward mode='route'/>", "route"), ("<forward mode='open'/>", "open"),
        ])
    func own(_ example: (xml: String, mode: String?)) throws {
        let read = try NetworkXMLReader.read("<network><name>n</name>\(example.xml)</network>")
        #expect(read.forward == example.mode && read.isOfItsHost)
        #expect(read.portgroups == nil && read.vlans == nil)
        #expect(throws: MalformedXML.self) { try NetworkXMLReader.read("<network/>") }
    }

    @Test("A card's portgroup, filter and port")
    func cards() throws {
        let facts = try DomainXMLReader.read(
            DomainFixtures.domain(
                devices: """
                    <interface type='network'><source network='lan' portgroup='dmz' bridge='br0'/>
                      <virtualport type='openvswitch'/><filterref filter='clean-traffic'/>
                    </interface>
                    <interface type='bridge'><source bridge='br1'/><vlan><tag id='42'/></vlan>
                      <virtualport type='openvswitch'><parameters interfaceid='x'/></virtualport>
                    </interface>
                    """))
        #expect(
            facts.interfaces == [
                NetworkInterface(.network("lan"), portgroup: "dmz", filter: "clean-traffic"),
                NetworkInterface(.bridge("br1"), virtualPort: "openvswitch"),
            ])
        #expect(facts.portgroups == ["lan": ["dmz"]])
    }

    private func device(_ name: String, path: String, link: String = "") -> String {
        """
        <device><name>net_\(name)_52_54_00_00_00_01</name><path>\(path)</path>
          <capability type='net'><interface>\(name)</interface>
            <address>52:54:00:00:00:01</address>\(link)</capability></device>
        """
    }

    @Test("A network card, its link, and what is no card")
    func devices() throws {
        let pci = "/sys/devices/pci0000:00/0000:00:1f.6/net/eno1"
        let up = device("eno1", path: pci, link: "<link speed='10000' state='up'/>")
        #expect(try NetworkDevice(up) == NetworkDevice(name: "eno1", linkMbps: 10_000))
        let down = device("eno1", path: pci, link: "<link speed='1000' state='down'/>")
        #expect(try NetworkDevice(down)?.linkMbps == nil)
        let odd = device("eno1", path: pci, link: "<link speed='4294967295' state='up'/>")
        #expect(try NetworkDevice(odd)?.linkMbps == nil)
        let tap = device("ovsbr0", path: "/sys/devices/virtual/net/ovsbr0")
        #expect(try NetworkDevice(tap) == NetworkDevice(name: "ovsbr0", isVirtual: true))
        #expect(try NetworkDevice("<device><name>pci_1</name></device>") == nil)
    }

    // MARK: Which bridges there are

    private let physical = [NetworkDevice(name: "eno1"), NetworkDevice(name: "eno2")]

    @Test("A bridge of Open vSwitch's own datapath is found among the devices")
    func netdev() {
        let devices =
            physical
            + ["ovs-netdev", "ovsbr0", "br0", "lo"].map { NetworkDevice(name: $0, isVirtual: true) }
        let found = HostBridges(
            interfaces: [("br0", true), ("eno1", false), ("lo", false)], networks: [],
            devices: devices)
        #expect(found.all == ["br0", "ovsbr0"] && found.linux == ["br0"])
    }

    @Test("With the kernel's datapath no card is a bridge, where devices were listed")
    func kernel() {
        let interfaces = ["ovs-system", "ovsbr1", "eno1", "bond0", "vnet3", "lo"].map {
            (name: $0, isBridge: false)
        }
        let virtual = ["ovs-system", "ovsbr1"].map { NetworkDevice(name: $0, isVirtual: true) }
        let known = HostBridges(interfaces: interfaces, networks: [], devices: physical + virtual)
        #expect(known.all == ["bond0", "ovsbr1"])
        let unknown = HostBridges(interfaces: interfaces, networks: [], devices: nil)
        #expect(unknown.all == ["bond0", "eno1", "ovsbr1"])
        #expect(known.linux.isEmpty && unknown.linux.isEmpty)
    }

    @Test("A bridge that an active network only names is there when it exists")
    func named() {
        let lan = LibvirtNetwork(name: "lan", forward: "bridge", bridge: "ovsbr0")
        let nat = LibvirtNetwork(name: "default", forward: "nat", bridge: "virbr0")
        let listed = HostBridges(interfaces: [], networks: [lan, nat], devices: physical)
        #expect(listed.all == ["virbr0"] && listed.linux == ["virbr0"])
        let unlisted = HostBridges(interfaces: [], networks: [lan, nat], devices: nil)
        #expect(unlisted.all == ["ovsbr0", "virbr0"] && unlisted.linux == ["virbr0"])
    }
}
