import ClusterModel
import Testing

@testable import Libvirt

@Suite("Guests that belong to somebody else")
struct OtherManagerTests {
    /// What a manager leaves in its guests, and who it is.
    struct Example: Sendable, CustomTestStringConvertible {
        var manager: String
        var name = "shop"
        var top = ""
        var sign: String
        var testDescription: String { "\(manager): \(sign)" }
    }

    private static func metadata(_ element: String, _ namespace: String) -> String {
        "<metadata><x:\(element) xmlns:x='\(namespace)'><x:a/></x:\(element)></metadata>"
    }

    private static func system(_ entry: String, _ value: String) -> String {
        "<sysinfo type='smbios'><system><entry name='\(entry)'>\(value)</entry></system></sysinfo>"
    }

    static let owned: [Example] = [
        Example(
            manager: "OpenStack Nova",
            top: metadata("instance", "http://openstack.org/xmlns/libvirt/nova/1.1"),
            sign: "<instance> of http://openstack.org"),
        Example(
            manager: "OpenStack Nova",
            top: metadata("instance", "http://openstack.org/xmlns/libvirt/nova/1.0"),
            sign: "nova/1.0"),
        Example(
            manager: "OpenStack Nova", top: system("product", "OpenStack Nova"),
            sign: "product 'OpenStack Nova'"),
        Example(manager: "OpenStack Nova", name: "instance-0000002a", sign: "its name"),
        Example(
            manager: "oVirt", top: metadata("vm", "http://ovirt.org/vm/1.0"), sign: "<vm> of"),
        Example(
            manager: "oVirt", top: metadata("qos", "http://ovirt.org/vm/tune/1.0"), sign: "<qos> of"
        ),
        Example(
            manager: "oVirt", top: system("manufacturer", "oVirt"), sign: "manufacturer 'oVirt'"),
        Example(
            manager: "OpenNebula",
            top: metadata("vm", "http://opennebula.org/xmlns/libvirt/1.0"), sign: "opennebula.org"),
        Example(manager: "OpenNebula", name: "one-42", sign: "its name"),
        Example(
            manager: "CloudStack", top: system("product", "CloudStack KVM Hypervisor"),
            sign: "product"),
        Example(manager: "CloudStack", name: "i-2-17-VM", sign: "its name"),
        Example(manager: "CloudStack", name: "r-4-VM", sign: "its name"),
        Example(
            manager: "KubeVirt", top: metadata("kubevirt", "http://kubevirt.io"),
            sign: "kubevirt.io"),
        Example(manager: "KubeVirt", top: system("family", "KubeVirt"), sign: "family 'KubeVirt'"),
        Example(
            manager: "ZStack", top: metadata("zstack", "http://zstack.org"), sign: "zstack.org"),
        Example(
            manager: "Proxmox VE", top: metadata("vm", "https://proxmox.com/xmlns/1"),
            sign: "proxmox.com"),
    ]

    @Test("The facts say whose they are and what shows it", arguments: owned)
    func owner(_ example: Example) throws {
        let facts = try DomainXMLReader.read(
            DomainFixtures.domain(name: example.name, top: example.top))
        #expect(facts.manager?.name == example.manager)
        #expect(facts.manager?.sign.contains(example.sign) == true, "\(facts.manager?.sign ?? "")")
    }

    @Test(
        "Names, sysinfo and metadata of anybody else's say nothing",
        arguments: ["instance-1", "one-two", "one", "i-2-VM", "instance-0000002g", "web-1"])
    func nobody(_ name: String) throws {
        let tools =
            "<metadata><l:libosinfo xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0'/>"
            + "<kvmbalance:domain xmlns:kvmbalance='\(DomainXMLReader.namespace)'/></metadata>"
        for top in [
            tools, Self.system("product", "PowerEdge R640"), Self.system("serial", "oVirt"),
        ] {
            let facts = try DomainXMLReader.read(DomainFixtures.domain(name: name, top: top))
            #expect(facts.manager == nil, "\(name)")
        }
        #expect(try DomainXMLReader.read(DomainFixtures.rich).manager == nil)
    }
}
