internal import CLibvirt
import ClusterModel

extension InventoryReader {
    /// What cards can be plugged into on the host. Each part may be what its libvirt cannot tell.
    mutating func readNetworks(into facts: inout HostFacts) throws {
        let connection = connection
        let xml = try part(.networks) { try connection.activeNetworkXML() }
        var networks: [LibvirtNetwork] = []
        for text in xml ?? [] {
            if let network = try optional("a network", { try NetworkXMLReader.read(text) }) {
                networks.append(network)
            }
        }
        facts.networks = networks.map(\.name).sorted()
        facts.networkDetails = xml.map { _ in networks.sorted { $0.name < $1.name } }
        let devices = try optional("network devices") {
            try connection.networkDeviceXML().compactMap { try NetworkDevice($0) }
        }
        facts.networkFilters = try optional("network filters") { try connection.networkFilters() }
        facts.linkMbps = devices?.filter { !$0.isVirtual }.compactMap(\.linkMbps).min()
        guard let interfaces = try part(.bridges, { try connection.hostInterfaces() }) else {
            facts.networkDevices = devices?.map(\.name).sorted()
            return
        }
        facts.networkDevices = devices.map {
            Set($0.map(\.name) + interfaces.map(\.name)).sorted()
        }
        let bridges = HostBridges(interfaces: interfaces, networks: networks, devices: devices)
        facts.bridges = bridges.all
        facts.linuxBridges = bridges.linux
    }
}
