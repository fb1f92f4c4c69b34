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
        try activeNetworks { virNetworkGetName($0).map { String(cString: $0) } }.sorted()
    }

    func activeNetworkXML() throws(LibvirtFailure) -> [String] {
        // A network that went away in between has no XML any more.
        try activeNetworks { try? ownedString(virNetworkGetXMLDesc($0, 0)) }
    }

    private func activeNetworks(
        _ describe: (virNetworkPtr) -> String?
    ) throws(LibvirtFailure) -> [String] {
        var array: UnsafeMutablePointer<virNetworkPtr?>?
        let count = use {
            virConnectListAllNetworks($0, &array, VIR_CONNECT_LIST_NETWORKS_ACTIVE.rawValue)
        }
        let networks = try ownedArray(count, array)
        defer { for network in networks { virNetworkFree(network) } }
        return networks.compactMap(describe)
    }

    /// nil where it is not defined.
    func networkXML(_ name: String) -> String? {
        guard let network = use({ virNetworkLookupByName($0, name) }) else { return nil }
        defer { virNetworkFree(network) }
        return try? ownedString(virNetworkGetXMLDesc(network, 0))
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

    /// What the interface driver lists, and whether it is a Linux bridge. One that no card is
    /// plugged into has no carrier, and counts as inactive: it is there all the same.
    func hostInterfaces() throws(LibvirtFailure) -> [(name: String, isBridge: Bool)] {
        var array: UnsafeMutablePointer<virInterfacePtr?>?
        let count = use { virConnectListAllInterfaces($0, &array, 0) }
        let interfaces = try ownedArray(count, array)
        defer { for interface in interfaces { virInterfaceFree(interface) } }
        return interfaces.compactMap { interface in
            guard let name = virInterfaceGetName(interface).map({ String(cString: $0) }) else {
                return nil
            }
            let xml = try? ownedString(virInterfaceGetXMLDesc(interface, 0))
            let root = xml.flatMap { try? MarkupReader.read($0, root: "interface") }
            return (name, root?.attribute("type") == "bridge")
        }
    }

    /// XML of the host's network devices, without those that libvirt makes for guests: there may be
    /// one for each card, and each would be a separate question.
    func networkDeviceXML() throws(LibvirtFailure) -> [String] {
        var array: UnsafeMutablePointer<virNodeDevicePtr?>?
        let count = use {
            virConnectListAllNodeDevices(
                $0, &array, UInt32(VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET.rawValue))
        }
        let devices = try ownedArray(count, array)
        defer { for device in devices { virNodeDeviceFree(device) } }
        return devices.compactMap { device in
            let name = virNodeDeviceGetName(device).map { String(cString: $0) } ?? ""
            let isGuests = ["net_vnet", "net_macvtap", "net_lo_"].contains(where: name.hasPrefix)
            return isGuests ? nil : try? ownedString(virNodeDeviceGetXMLDesc(device, 0))
        }
    }

    func networkFilters() throws(LibvirtFailure) -> [String] {
        var array: UnsafeMutablePointer<virNWFilterPtr?>?
        let count = use { virConnectListAllNWFilters($0, &array, 0) }
        let filters = try ownedArray(count, array)
        defer { for filter in filters { virNWFilterFree(filter) } }
        return filters.compactMap { virNWFilterGetName($0).map { String(cString: $0) } }.sorted()
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
