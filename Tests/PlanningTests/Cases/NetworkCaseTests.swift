import ClusterModel
import Foundation
import PlacementPolicy
import TestSupport
import Testing

/// Cards and what they are plugged into, as people found it on their hosts.
@Suite struct NetworkCaseTests {
    private func world(_ card: NetworkInterface, hosts: Int = 2) -> CaseWorld {
        var world = CaseWorld(hosts: hosts)
        world.guest("web1") { $0.interfaces = [card] }
        return world
    }

    // MARK: The kind of a bridge

    /// Somebody built br0 with Open vSwitch on one host and with the kernel's bridge on the next.
    @Test func `a card for Open vSwitch does not go where its bridge is a Linux bridge`() {
        let card = NetworkInterface(.bridge("br0"), virtualPort: "openvswitch")
        var world = world(card, hosts: 3)
        world.host(2) { ($0.bridges, $0.linuxBridges) = (["br0"], ["br0"]) }
        world.host(3) { ($0.bridges, $0.linuxBridges) = (["br0"], []) }
        #expect(world.drain().targets == ["web1": "host3"])
        #expect(world.judge(0, to: "host2") == ["web1: br0 is not a bridge of Open vSwitch there"])
        #expect(world.judge(0, to: "host3") == [])
        world.cluster.hosts.removeLast()
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.network])
        #expect(plan.blockers[0].detail.contains("'br0' is a Linux bridge there"))
    }

    @Test func `a card for a Linux bridge does not go where Open vSwitch has the name`() {
        var world = world(.bridge("br0"))
        world.host(1) { ($0.bridges, $0.linuxBridges) = (["br0"], ["br0"]) }
        world.host(2) { ($0.bridges, $0.linuxBridges) = (["br0", "br1"], ["br1"]) }
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.network])
        #expect(plan.blockers[0].detail.contains("'br0' is no Linux bridge there"))
        #expect(world.judge(0, to: "host2") == ["web1: br0 is no Linux bridge there"])
        // The operator knows which bridge of that host is the same network.
        world.policy.interfaces = [InterfaceNames(name: "br0", hosts: ["host2": "br1"])]
        #expect(world.drain().steps.map(\.interfaces) == [["br0": "br1"]])
    }

    /// DPDK: no device of the kernel's shows that bridge, and libvirt takes the guest all the same.
    @Test func `a bridge that only Open vSwitch knows is a caution where nobody could look`() {
        let card = NetworkInterface(.bridge("ovsbr0"), virtualPort: "openvswitch")
        var world = world(card)
        world.host(2) { ($0.bridges, $0.linuxBridges) = (["br0"], ["br0"]) }
        let plan = world.drain()
        #expect(plan.targets == ["web1": "host2"])
        #expect(plan.cautions.contains { $0.contains("whether Open vSwitch has bridge 'ovsbr0'") })
        // Where all devices were listed, it would have been among them.
        world.host(2) { $0.networkDevices = ["br0", "eno1"] }
        #expect(world.drain().blockers.map(\.reason) == [.network])
        #expect(world.judge(0, to: "host2") == ["web1: no bridge ovsbr0"])
        world.host(2) { $0.networkDevices = ["br0", "eno1", "ovsbr0"] }
        #expect(world.drain().targets == ["web1": "host2"])
    }

    /// Bridges named after the card below them.
    @Test func `a bridge that is named otherwise there needs the policy's word`() {
        var world = world(.bridge("brenp21-774"))
        world.host(2) { $0.bridges = ["brenp20-774"] }
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.network])
        #expect(plan.blockers[0].remedy.contains("interfaces in the policy"))
        world.policy.interfaces = [
            InterfaceNames(name: "brenp21-774", hosts: ["host2": "brenp20-774"])
        ]
        #expect(world.drain().targets == ["web1": "host2"])
    }

    // MARK: Networks of one name

    private func lan(_ groups: [LibvirtNetwork.Portgroup]? = nil) -> LibvirtNetwork {
        LibvirtNetwork(name: "default", forward: "bridge", bridge: "br0", portgroups: groups)
    }

    @Test func `a host whose network lacks the card's portgroup is no target`() {
        let (prod, dmz) = (
            LibvirtNetwork.Portgroup(name: "prod", isDefault: true, vlans: [10]),
            LibvirtNetwork.Portgroup(name: "dmz", vlans: [42])
        )
        var world = world(NetworkInterface(.network("default"), portgroup: "dmz"))
        world.host(1) { $0.networkDetails = [lan([dmz, prod])] }
        world.host(2) { $0.networkDetails = [lan([prod])] }
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.network])
        #expect(plan.blockers[0].detail.contains("network 'default' has no portgroup 'dmz' there"))
        #expect(plan.blockers[0].remedy.contains("virsh net-update default add portgroup"))
        #expect(world.judge(0, to: "host2").contains("web1: network default has no portgroup dmz"))
        world.host(2) { $0.networkDetails = [lan([dmz, prod])] }
        #expect(world.drain().targets == ["web1": "host2"])
    }

    @Test func `the same portgroup with another VLAN is another network`() {
        var world = world(NetworkInterface(.network("default"), portgroup: "dmz"))
        let groups = [42, 43].map { LibvirtNetwork.Portgroup(name: "dmz", vlans: [$0]) }
        world.host(1) { $0.networkDetails = [lan([groups[0]])] }
        world.host(2) { $0.networkDetails = [lan([groups[1]])] }
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.network])
        #expect(plan.blockers[0].detail.contains("is VLAN 43 there, and VLAN 42 on its host"))
        #expect(world.judge(0, to: "host2") == ["web1: network default has other VLAN tags there"])
    }

    @Test func `a card without a portgroup takes the default one of each host`() {
        var world = world(.network("default"))
        let prod = { (vlan: Int) in
            LibvirtNetwork.Portgroup(name: "prod", isDefault: true, vlans: [vlan])
        }
        world.host(1) { $0.networkDetails = [lan([prod(10)])] }
        world.host(2) { $0.networkDetails = [lan([prod(10)])] }
        #expect(world.drain().targets == ["web1": "host2"])
        world.host(2) { $0.networkDetails = [lan([prod(11)])] }
        #expect(world.drain().blockers.map(\.reason) == [.network])
        #expect(world.judge(0, to: "host2") != [])
    }

    /// As libvirt comes out of the box: every host has a `default`, and none of them is the same.
    @Test(arguments: ["nat", "route", nil])
    func `a network of each host's own is a caution for each guest on it`(_ forward: String?) {
        var world = world(.network("default"))
        let network = LibvirtNetwork(name: "default", forward: forward, bridge: "virbr0")
        for number in [1, 2] { world.host(number) { $0.networkDetails = [network] } }
        let plan = world.drain()
        #expect(plan.targets == ["web1": "host2"])
        let said = plan.cautions.filter { $0.contains("one of its own on each host") }
        #expect(said.count == 1, "\(plan.cautions)")
    }

    @Test func `a network that is bridged here and NAT there is a caution`() {
        var world = world(.network("default"))
        world.host(1) { $0.networkDetails = [lan()] }
        world.host(2) { $0.networkDetails = [LibvirtNetwork(name: "default", forward: "nat")] }
        #expect(world.drain().cautions.contains { $0.contains("is NAT there, and of mode bridge") })
        world.host(2) { $0.networkDetails = [lan()] }
        #expect(!world.drain().cautions.contains { $0.contains("network 'default'") })
    }

    /// The network is active: it only names a bridge, and nobody made that.
    @Test func `a network on a bridge that does not exist takes no guest`() {
        var world = world(.network("default"))
        world.host(1) { $0.networkDetails = [lan()] }
        world.host(2) {
            $0.networkDetails = [lan()]
            $0.networkDevices = ["eno1", "lo"]
        }
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.network])
        #expect(plan.blockers[0].detail.contains("on bridge 'br0', which does not exist there"))
        #expect(
            world.judge(0, to: "host2") == ["web1: network default is on br0, which is not there"])
        world.host(2) { $0.networkDevices = ["br0", "eno1", "lo"] }
        #expect(world.drain().targets == ["web1": "host2"])
    }

    // MARK: macvtap and filters

    @Test func `a macvtap card needs its device, by the name that it has there`() {
        var world = world(.direct(device: "eno1"))
        #expect(world.drain().cautions.contains { $0.contains("'eno1' is there could not be") })
        world.host(2) { $0.networkDevices = ["enp5s0", "lo"] }
        #expect(world.drain().blockers.map(\.reason) == [.network])
        #expect(world.judge(0, to: "host2") == ["web1: no network device eno1"])
        world.policy.interfaces = [InterfaceNames(name: "eno1", hosts: ["host2": "enp5s0"])]
        let plan = world.drain()
        #expect(plan.steps.map(\.interfaces) == [["eno1": "enp5s0"]])
    }

    @Test func `a card's network filter must be defined there`() {
        var world = world(NetworkInterface(.bridge("br0"), filter: "clean-traffic"))
        world.host(2) { $0.networkFilters = ["no-arp-spoofing"] }
        let plan = world.drain()
        #expect(plan.blockers.map(\.reason) == [.network])
        #expect(plan.blockers[0].remedy.contains("virsh nwfilter-define"))
        #expect(world.judge(0, to: "host2") == ["web1: no filter clean-traffic"])
        world.host(2) { $0.networkFilters = ["clean-traffic"] }
        #expect(world.drain().targets == ["web1": "host2"])
    }

    // MARK: Snapshots

    @Test func `cards of older snapshots are read, and new ones come back as they were`() throws {
        let old =
            #"[{"bridge":{"_0":"br0"}},{"direct":{"device":"eth0"}},{"other":{"type":"user"}}]"#
        let cards = try JSONDecoder().decode([NetworkInterface].self, from: Data(old.utf8))
        #expect(cards == [.bridge("br0"), .direct(device: "eth0"), .other(type: "user")])
        #expect(try JSONEncoder().encode(cards[0]) == Data(#"{"bridge":{"_0":"br0"}}"#.utf8))
        let new = [
            NetworkInterface(.network("lan"), portgroup: "dmz", filter: "clean-traffic"),
            NetworkInterface(.bridge("br0"), virtualPort: "openvswitch"),
        ]
        let read = try JSONDecoder().decode(
            [NetworkInterface].self, from: JSONEncoder().encode(new))
        #expect(read == new)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(NetworkInterface.self, from: Data(#"{"wire":{}}"#.utf8))
        }
    }
}
