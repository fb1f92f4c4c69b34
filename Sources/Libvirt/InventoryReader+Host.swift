internal import CLibvirt
import ClusterModel
import Telemetry

extension InventoryReader {
    mutating func hostFacts() throws -> HostFacts {
        let connection = connection
        let xml = try ownedString(connection.use { virConnectGetCapabilities($0) })
        let capabilities: CapabilitiesXMLReader.Capabilities
        do {
            capabilities = try CapabilitiesXMLReader.read(xml)
        } catch {
            throw LibvirtFailure.refused("the host's capabilities cannot be read: \(error)")
        }
        var info = virNodeInfo()
        try checked(connection.use { virNodeGetInfo($0, &info) })
        var cpu = capabilities.cpu
        cpu.logicalCPUs = Int(info.cpus)
        cpu.megahertz = info.mhz == 0 ? nil : Int(info.mhz)
        // virNodeGetInfo adds up the NUMA cells, which on hosts with hot-plugged memory is less
        // than the kernel has: MemTotal is what can be given out, and what "available" is a part
        // of.
        let memory =
            connection.memoryGauges()?.total
            ?? Bytes.plausible(Int64(exactly: info.memory), unit: 1024) ?? .zero
        let inactive = try storagePools(VIR_CONNECT_LIST_STORAGE_POOLS_INACTIVE)
        var facts = HostFacts(
            uuid: capabilities.uuid,
            hostname: try optional("hostname") {
                try ownedString(connection.use { virConnectGetHostname($0) })
            } ?? "",
            cpu: cpu, memory: memory,
            cells: try cells(capabilities, memory: memory, cpus: Int(info.cpus)),
            libvirtVersion: version(virConnectGetLibVersion) ?? 0,
            hypervisorVersion: version(virConnectGetVersion),
            guestSupport: try guestSupport(capabilities),
            pools: try storagePools(VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE),
            ksm: connection.ksmCounters(), securityModel: capabilities.securityModel)
        facts.inactivePools = inactive.isEmpty ? nil : inactive
        facts.secrets = try secrets()
        facts.qemuOwner = capabilities.qemuOwner
        facts.memoryAvailable = connection.availableMemory
        try readNetworks(into: &facts)
        facts.unread = unread.isEmpty ? nil : unread
        return facts
    }

    private func version(
        _ ask: (virConnectPtr?, UnsafeMutablePointer<UInt>?) -> Int32
    ) -> Int? {
        var number: UInt = 0
        return connection.use { ask($0, &number) } == 0 ? Int(clamping: number) : nil
    }

    /// With what is free in them now. A host that tells of no cells has one.
    private func cells(
        _ capabilities: CapabilitiesXMLReader.Capabilities, memory: Bytes, cpus: Int
    ) throws -> [NUMACell] {
        var cells = capabilities.cells
        if cells.isEmpty {
            cells = [NUMACell(id: 0, memory: memory, cpus: Array(0..<min(cpus, 8192)))]
        }
        let gauges = Dictionary(
            firstOf: connection.cellGauges().map { ($0.cell, $0) })
        for index in cells.indices {
            cells[index].free = gauges[cells[index].id]?.free
            for pool in cells[index].hugePages.indices {
                let entry = cells[index].hugePages[pool]
                if let free = connection.freePages(of: entry.pageSize, cell: cells[index].id) {
                    cells[index].hugePages[pool].free = free
                }
            }
        }
        return cells
    }

    /// Domain capabilities are only asked for guests of the host's own architecture: each question
    /// may make libvirt start that emulator to find out. Firmware depends on the kind of machine:
    /// what is for `q35` is asked once more.
    private mutating func guestSupport(
        _ capabilities: CapabilitiesXMLReader.Capabilities
    ) throws -> [GuestSupport] {
        var support = capabilities.guestSupport
        for index in support.indices
        where support[index].architecture == capabilities.cpu.architecture {
            let entry = support[index]
            let connection = connection
            let what = "domain capabilities for \(entry.virtualization) guests"
            guard
                let own = try optional(
                    what,
                    {
                        try DomainCapabilitiesXMLReader.read(
                            connection.domainCapabilities(of: entry, machine: nil))
                    })
            else { continue }
            support[index].usableCPUModels = own.usableCPUModels
            var offer = own.offer
            if let machine = entry.machineTypes.first(where: { $0 == "q35" }),
                let more = try optional(
                    what,
                    {
                        try DomainCapabilitiesXMLReader.read(
                            connection.domainCapabilities(of: entry, machine: machine))
                    })
            {
                offer.loaders = offer.loaders.map { Set($0 + (more.offer.loaders ?? [])).sorted() }
            }
            support[index].offer = offer.isEmpty ? nil : offer
        }
        return support
    }

    private mutating func storagePools(
        _ flag: virConnectListAllStoragePoolsFlags
    ) throws -> [StoragePool] {
        let connection = connection
        let pools = try part(.pools) { try connection.poolXML(flag) } ?? []
        var read: [StoragePool] = []
        for xml in pools {
            if let pool = try optional("a storage pool", { try StoragePoolXMLReader.read(xml) }) {
                read.append(pool)
            }
        }
        return read.sorted { $0.name < $1.name }
    }

    /// Our own notes on hosts are left out: they are needed by no guest.
    private mutating func secrets() throws -> [HostSecret]? {
        let connection = connection
        return try optional("secrets", { try connection.secrets() })?
            .filter { $0.usage != LibvirtHost.leaseUse }.sorted { $0.uuid < $1.uuid }
    }
}

extension ConnectionHandle {
    fileprivate func domainCapabilities(
        of support: GuestSupport, machine: String?
    ) throws -> String {
        try ownedString(
            use {
                virConnectGetDomainCapabilities(
                    $0, support.emulator, support.architecture, machine, support.virtualization, 0)
            })
    }
}
