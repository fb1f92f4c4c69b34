internal import CLibvirt
import ClusterModel
import Telemetry

/// Reads the raw counters of a host and its domains.
enum SampleReader {
    static func read(
        _ connection: ConnectionHandle, host: HostName, topology: CellTopology
    ) throws(LibvirtFailure) -> RawHostSample {
        // Only active ones: for the others libvirt 9.0 gives figures of its daemon process.
        let domains = try connection.domainStatistics(
            groups, filter: VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE.rawValue)
        let cpu = connection.cpuCounters()
        return RawHostSample(
            host: host, at: .now, cpu: cpu, memory: connection.memoryGauges(),
            cells: topology.addingLoad(to: connection.cellGauges(), whole: cpu, connection),
            ksm: connection.ksmCounters(),
            domains: domains.map { record in
                DomainStatistics.sample(
                    id: DomainID(record.uuid), name: record.name, from: record.parameters)
            })
    }

    private static let groups =
        VIR_DOMAIN_STATS_STATE.rawValue | VIR_DOMAIN_STATS_CPU_TOTAL.rawValue
        | VIR_DOMAIN_STATS_BALLOON.rawValue | VIR_DOMAIN_STATS_VCPU.rawValue
        | VIR_DOMAIN_STATS_INTERFACE.rawValue | VIR_DOMAIN_STATS_BLOCK.rawValue
        | VIR_DOMAIN_STATS_DIRTYRATE.rawValue
}

/// One domain's entry in the answer to `virConnectGetAllDomainStats`.
struct DomainStatisticsRecord: Sendable {
    var uuid: String
    var name: String
    var parameters: TypedParameters
}

extension ConnectionHandle {
    /// One call for all domains. With NOWAIT it does not wait for a domain whose monitor is in
    /// use (an incoming migration, a stuck QEMU): such a domain comes with the fields that need
    /// no monitor, and the others are missing.
    func domainStatistics(
        _ groups: UInt32, filter: UInt32 = 0
    ) throws(LibvirtFailure) -> [DomainStatisticsRecord] {
        var records: UnsafeMutablePointer<virDomainStatsRecordPtr?>?
        let count = try checked(
            use {
                virConnectGetAllDomainStats(
                    $0, groups, &records,
                    VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT.rawValue | filter)
            })
        defer { virDomainStatsRecordListFree(records) }
        var found: [DomainStatisticsRecord] = []
        for record in UnsafeBufferPointer(start: records, count: Int(count)) {
            // The record owns its domain: another reference for a handle that frees its own.
            guard let record, virDomainRef(record.pointee.dom) == 0 else { continue }
            let domain = DomainHandle(owning: record.pointee.dom)
            found.append(
                DomainStatisticsRecord(
                    uuid: try domain.uuid(), name: domain.name,
                    parameters: TypedParameters(
                        record.pointee.params, count: record.pointee.nparams)))
        }
        return found.sorted { $0.uuid < $1.uuid }
    }

    /// nil where the driver cannot tell: a figure that is missing is no reason to lose the rest.
    func cpuCounters(
        of cpu: Int32 = Int32(VIR_NODE_CPU_STATS_ALL_CPUS.rawValue)
    ) -> HostCPUCounters? {
        var count: Int32 = 0
        guard use({ virNodeGetCPUStats($0, cpu, nil, &count, 0) }) == 0, (1...64).contains(count)
        else { return nil }
        var fields = [virNodeCPUStats](repeating: virNodeCPUStats(), count: Int(count))
        guard use({ virNodeGetCPUStats($0, cpu, &fields, &count, 0) }) == 0 else { return nil }
        let values = Dictionary(
            firstOf: fields.prefix(Int(count)).compactMap { field in
                Int64(exactly: field.value).map { (fixedString(field.field), $0) }
            })
        guard let user = values[VIR_NODE_CPU_STATS_USER],
            let system = values[VIR_NODE_CPU_STATS_KERNEL],
            let idle = values[VIR_NODE_CPU_STATS_IDLE],
            let iowait = values[VIR_NODE_CPU_STATS_IOWAIT],
            [user, system, idle, iowait].allSatisfy({ $0 < HostCPUCounters.mostPlausible })
        else { return nil }
        return HostCPUCounters(user: user, system: system, idle: idle, iowait: iowait)
    }

    func memoryGauges() -> HostMemoryGauges? {
        let values = memoryStatistics(of: VIR_NODE_MEMORY_STATS_ALL_CELLS.rawValue)
        guard let total = values[VIR_NODE_MEMORY_STATS_TOTAL],
            let free = values[VIR_NODE_MEMORY_STATS_FREE],
            let buffers = values[VIR_NODE_MEMORY_STATS_BUFFERS],
            let cached = values[VIR_NODE_MEMORY_STATS_CACHED]
        else { return nil }
        return HostMemoryGauges(total: total, free: free, buffers: buffers, cached: cached)
    }

    /// Cell by cell and not in one call: the answer of virNodeGetCellsFreeMemory does not say
    /// which cell is which where their numbers have gaps. The call is of high priority.
    func cellGauges() -> [CellSample] {
        var info = virNodeInfo()
        guard use({ virNodeGetInfo($0, &info) }) == 0 else { return [] }
        return (0..<min(info.nodes, 64)).compactMap { cell in
            let values = memoryStatistics(of: Int32(cell))
            guard !values.isEmpty else { return nil }
            return CellSample(
                cell: Int(cell), total: values[VIR_NODE_MEMORY_STATS_TOTAL],
                free: values[VIR_NODE_MEMORY_STATS_FREE])
        }
    }

    /// libvirt counts in KiB. Empty where it does not tell.
    private func memoryStatistics(of cell: Int32) -> [String: Bytes] {
        var count: Int32 = 0
        guard use({ virNodeGetMemoryStats($0, cell, nil, &count, 0) }) == 0,
            (1...64).contains(count)
        else { return [:] }
        var fields = [virNodeMemoryStats](repeating: virNodeMemoryStats(), count: Int(count))
        guard use({ virNodeGetMemoryStats($0, cell, &fields, &count, 0) }) == 0 else { return [:] }
        return Dictionary(
            firstOf: fields.prefix(Int(count)).compactMap { field in
                Bytes.plausible(Int64(exactly: field.value), unit: 1024)
                    .map { (fixedString(field.field), $0) }
            })
    }

    func ksmCounters() -> KSMCounters? {
        var count: Int32 = 0
        guard use({ virNodeGetMemoryParameters($0, nil, &count, 0) }) == 0, (1...64).contains(count)
        else { return nil }
        var fields = [virTypedParameter](repeating: virTypedParameter(), count: Int(count))
        guard use({ virNodeGetMemoryParameters($0, &fields, &count, 0) }) == 0 else { return nil }
        let values = fields.withUnsafeMutableBufferPointer {
            TypedParameters($0.baseAddress, count: count)
        }
        guard let shared = values.integer(VIR_NODE_MEMORY_SHARED_PAGES_SHARED),
            let sharing = values.integer(VIR_NODE_MEMORY_SHARED_PAGES_SHARING)
        else { return nil }
        return KSMCounters(pagesShared: shared, pagesSharing: sharing)
    }
}
