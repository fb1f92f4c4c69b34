import ClusterModel

/// Programs that keep guests on libvirt hosts, and how theirs are known: by the elements they leave
/// in `<metadata>`, by what they write into the guest's firmware tables (`<sysinfo>`), and by the
/// names they give, the surest first.
enum GuestManagers {
    private struct Signs {
        var name: String
        /// Parts of the namespaces of its elements.
        var namespaces: [String] = []
        /// Values of manufacturer, product or family in `<sysinfo>`, in lower case.
        var systems: [String] = []
        /// `#` stands for a number, `x` for eight hexadecimal digits.
        var names: [String] = []
    }

    /// Sources: nova/virt/libvirt/config.py, oVirt's LibvirtVmXmlBuilder.java, CloudStack's
    /// LibvirtVMDef.java, and guests of the others as people show them.
    private static let all: [Signs] = [
        Signs(
            name: "OpenStack Nova", namespaces: ["openstack.org/"],
            systems: ["openstack nova", "openstack compute", "openstack foundation"],
            names: ["instance-x"]),
        Signs(
            name: "oVirt", namespaces: ["ovirt.org/"],
            systems: ["ovirt", "ovirt node", "rhev hypervisor", "rhev"]),
        Signs(
            name: "OpenNebula", namespaces: ["opennebula.org/", "opennebula.systems/"],
            systems: ["opennebula"], names: ["one-#"]),
        Signs(
            name: "CloudStack", namespaces: ["cloudstack.apache.org", "cloudstack.org"],
            systems: ["cloudstack kvm hypervisor", "apache software foundation"],
            names: ["i-#-#-VM", "r-#-VM", "s-#-VM", "v-#-VM"]),
        Signs(name: "KubeVirt", namespaces: ["kubevirt.io"], systems: ["kubevirt"]),
        Signs(name: "Harvester", namespaces: ["harvesterhci.io"], systems: ["harvester"]),
        Signs(name: "Proxmox VE", namespaces: ["proxmox.com"], systems: ["proxmox"]),
        Signs(
            name: "Pacemaker", namespaces: ["clusterlabs.org", "linux-ha.org"],
            systems: ["pacemaker"]),
        Signs(name: "ZStack", namespaces: ["zstack.org"], systems: ["zstack"]),
        Signs(name: "Ganeti", namespaces: ["ganeti.org"], systems: ["ganeti"]),
        Signs(name: "Eucalyptus", namespaces: ["eucalyptus.com", "eucalyptus.cloud"]),
    ]

    /// nil where nothing says that it is anybody's.
    static func manager(of root: MarkupElement, name: String) -> GuestManager? {
        byMetadata(root) ?? bySystem(root) ?? byName(name)
    }

    private static func byMetadata(_ root: MarkupElement) -> GuestManager? {
        for element in root.first("metadata")?.children ?? [] {
            guard let namespace = element.namespace?.lowercased() else { continue }
            let owner = all.first { signs in signs.namespaces.contains(where: namespace.contains) }
            if let owner {
                return GuestManager(
                    name: owner.name,
                    sign: "<\(element.name)> of \(element.namespace ?? "") in its metadata")
            }
        }
        return nil
    }

    private static func bySystem(_ root: MarkupElement) -> GuestManager? {
        let entries = root.all("sysinfo").flatMap { $0.first("system")?.all("entry") ?? [] }
        for entry in entries {
            guard let key = entry.attribute("name"),
                ["manufacturer", "product", "family"].contains(key)
            else { continue }
            let value = entry.trimmedText
            let owner = all.first { $0.systems.contains(value.lowercased()) }
            if let owner {
                return GuestManager(name: owner.name, sign: "system \(key) '\(value)'")
            }
        }
        return nil
    }

    private static func byName(_ name: String) -> GuestManager? {
        all.first { signs in signs.names.contains { matches(name, $0) } }.map {
            GuestManager(name: $0.name, sign: "its name is as \($0.name) gives them")
        }
    }

    private static func matches(_ name: String, _ pattern: String) -> Bool {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        let wanted = pattern.split(separator: "-")
        guard parts.count == wanted.count else { return false }
        return zip(parts, wanted).allSatisfy { part, wanted in
            switch wanted {
            case "#": !part.isEmpty && part.allSatisfy { $0.isASCII && $0.isNumber }
            case "x": part.count == 8 && part.allSatisfy { $0.isASCII && $0.isHexDigit }
            default: part == wanted
            }
        }
    }
}
