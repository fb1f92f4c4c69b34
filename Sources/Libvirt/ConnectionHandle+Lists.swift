internal import CLibvirt
import ClusterModel

extension ConnectionHandle {
    /// Domains, all of them or those that a filter of virConnectListAllDomainsFlags lets through.
    func domains(_ filter: UInt32 = 0) throws(LibvirtFailure) -> [DomainHandle] {
        var array: UnsafeMutablePointer<virDomainPtr?>?
        let count = use { virConnectListAllDomains($0, &array, filter) }
        return try ownedArray(count, array).map { DomainHandle(owning: $0) }
    }

    func activeNetworks() throws(LibvirtFailure) -> [String] {
        try networks { virNetworkGetName($0).map { String(cString: $0) } }
    }

    private func networks(
        _ describe: (virNetworkPtr) -> String?
    ) throws(LibvirtFailure) -> [String] {
        var array: UnsafeMutablePointer<virNetworkPtr?>?
        let count = use {
            virConnectListAllNetworks($0, &array, VIR_CONNECT_LIST_NETWORKS_ACTIVE.rawValue)
        }
        let networks = try ownedArray(count, array)
        defer { for network in networks { virNetworkFree(network) } }
        return networks.compactMap(describe).sorted()
    }

    func poolXML(_ flag: virConnectListAllStoragePoolsFlags) throws(LibvirtFailure) -> [String] {
        var array: UnsafeMutablePointer<virStoragePoolPtr?>?
        let count = use { virConnectListAllStoragePools($0, &array, flag.rawValue) }
        let pools = try ownedArray(count, array)
        defer { for pool in pools { virStoragePoolFree(pool) } }
        // A pool that went away in between has no XML any more.
        return pools.compactMap { try? ownedString(virStoragePoolGetXMLDesc($0, 0)) }
    }

    /// Without their values. The list holds all of this: it is one call, however many there are.
    func secrets() throws(LibvirtFailure) -> [HostSecret] {
        var array: UnsafeMutablePointer<virSecretPtr?>?
        let count = use { virConnectListAllSecrets($0, &array, 0) }
        let secrets = try ownedArray(count, array)
        defer { for secret in secrets { virSecretFree(secret) } }
        return secrets.compactMap { secret in
            var uuid = [CChar](repeating: 0, count: Int(VIR_UUID_STRING_BUFLEN))
            guard virSecretGetUUIDString(secret, &uuid) == 0 else { return nil }
            let type = Self.secretTypes[UInt32(bitPattern: virSecretGetUsageType(secret))]
            let usage = virSecretGetUsageID(secret).map { String(cString: $0) }
            return HostSecret(
                uuid: uuid.withUnsafeBufferPointer { text in
                    text.baseAddress.map { String(cString: $0) } ?? ""
                },
                usageType: type, usage: usage.flatMap { $0.isEmpty ? nil : $0 })
        }
    }

    private static let secretTypes: [UInt32: String] = [
        VIR_SECRET_USAGE_TYPE_VOLUME.rawValue: "volume",
        VIR_SECRET_USAGE_TYPE_CEPH.rawValue: "ceph",
        VIR_SECRET_USAGE_TYPE_ISCSI.rawValue: "iscsi",
        VIR_SECRET_USAGE_TYPE_TLS.rawValue: "tls",
        VIR_SECRET_USAGE_TYPE_VTPM.rawValue: "vtpm",
    ]

    /// Bridges of the host, from its interface driver, with those of its libvirt networks. Host
    /// devices would list every card but not say which is a bridge. One that no card is plugged
    /// into has no carrier, and counts as inactive: it is there all the same.
    func bridges() throws(LibvirtFailure) -> [String] {
        var array: UnsafeMutablePointer<virInterfacePtr?>?
        let count = use { virConnectListAllInterfaces($0, &array, 0) }
        let interfaces = try ownedArray(count, array)
        defer { for interface in interfaces { virInterfaceFree(interface) } }
        var names: [String] = []
        var others: [String] = []
        for interface in interfaces {
            guard let name = virInterfaceGetName(interface).map({ String(cString: $0) }) else {
                continue
            }
            let xml = try? ownedString(virInterfaceGetXMLDesc(interface, 0))
            let isBridge =
                xml.flatMap { try? MarkupReader.read($0, root: "interface") }?
                .attribute("type") == "bridge"
            if isBridge { names.append(name) } else { others.append(name) }
        }
        // Open vSwitch bridges look like ordinary cards; where it runs, any card may be one.
        if others.contains("ovs-system") {
            names += others.filter { $0 != "ovs-system" && $0 != "lo" && !$0.hasPrefix("vnet") }
        }
        names += try networks { try? ownedString(virNetworkGetBridgeName($0)) }
        return Set(names).sorted()
    }

    func freePages(of size: Bytes, cell: Int) -> Int64? {
        guard var kibibytes = UInt32(exactly: size.count / 1024), let cell = Int32(exactly: cell)
        else { return nil }
        var count: UInt64 = 0
        guard use({ virNodeGetFreePages($0, 1, &kibibytes, cell, 1, &count, 0) }) >= 0 else {
            return nil
        }
        return Int64(exactly: count)
    }
}
