package import ClusterModel

/// Raw counters and gauges of one host and its domains at one moment, stored as they came: rates
/// are derived on reading. What the host did not tell is nil, never zero.
package struct RawHostSample: Hashable, Codable, Sendable {
    package var host: HostName
    /// Wall-clock time of this machine, the collector's, when the host answered.
    package var at: Timestamp
    package var cpu: HostCPUCounters?
    package var memory: HostMemoryGauges?
    package var cells: [CellSample]
    package var ksm: KSMCounters?
    package var domains: [RawDomainSample]

    package init(
        host: HostName, at: Timestamp, cpu: HostCPUCounters? = nil,
        memory: HostMemoryGauges? = nil, cells: [CellSample] = [], ksm: KSMCounters? = nil,
        domains: [RawDomainSample] = []
    ) {
        self.host = host
        self.at = at
        self.cpu = cpu
        self.memory = memory
        self.cells = cells
        self.ksm = ksm
        self.domains = domains
    }
}

/// CPU time of the whole host since it started, in nanoseconds (`virNodeGetCPUStats`).
package struct HostCPUCounters: Hashable, Codable, Sendable {
    package var user: Int64
    package var system: Int64
    package var idle: Int64
    package var iowait: Int64

    package init(user: Int64, system: Int64, idle: Int64, iowait: Int64) {
        self.user = user
        self.system = system
        self.idle = idle
        self.iowait = iowait
    }

    package var busy: Int64 { user + system }

    /// Of each part: all four together still fit.
    package static let mostPlausible = Int64.max / 4
}

/// Memory of the whole host (`virNodeGetMemoryStats`).
package struct HostMemoryGauges: Hashable, Codable, Sendable {
    package var total: Bytes
    package var free: Bytes
    package var buffers: Bytes
    package var cached: Bytes

    package init(total: Bytes, free: Bytes, buffers: Bytes, cached: Bytes) {
        self.total = total
        self.free = free
        self.buffers = buffers
        self.cached = cached
    }

    /// libvirt 9.0 has no MemAvailable: free, buffers and page cache stand in for it.
    package var available: Bytes { free + buffers + cached }
}

/// Memory and CPU time of one NUMA cell.
package struct CellSample: Hashable, Codable, Sendable {
    package var cell: Int
    package var total: Bytes?
    package var free: Bytes?
    /// Of its CPUs together. On hosts with several cells it is read more rarely than the rest:
    /// libvirt wants a call for each CPU.
    package var cpu: HostCPUCounters?

    package init(
        cell: Int, total: Bytes? = nil, free: Bytes? = nil, cpu: HostCPUCounters? = nil
    ) {
        self.cell = cell
        self.total = total
        self.free = free
        self.cpu = cpu
    }
}

/// Raw counters of one domain (`virConnectGetAllDomainStats`, never waiting for a stuck monitor).
package struct RawDomainSample: Hashable, Codable, Sendable {
    package var id: DomainID
    package var name: String
    package var state: DomainState
    /// Nanoseconds of CPU time since this QEMU process started, emulator included.
    package var cpuTime: Int64?
    package var vcpus: Int?
    /// Sum over vCPUs, nanoseconds: waiting for I/O, and runnable but not running.
    package var vcpuWait: Int64?
    package var vcpuDelay: Int64?
    package var balloonCurrent: Bytes?
    package var balloonMaximum: Bytes?
    package var rss: Bytes?
    package var guestAvailable: Bytes?
    package var guestUnused: Bytes?
    package var swapIn: Int64?
    package var swapOut: Int64?
    package var blockRead: Int64?
    package var blockWritten: Int64?
    package var networkReceived: Int64?
    package var networkSent: Int64?
    /// Last measured rate at which the guest rewrites its memory, bytes a second.
    package var dirtyRate: Bytes?

    package init(id: DomainID, name: String, state: DomainState) {
        self.id = id
        self.name = name
        self.state = state
    }
}

/// What came of asking one host at one tick.
package enum SampleOutcome: Hashable, Sendable {
    case sample(RawHostSample)
    /// The host did not answer, or not in time: recorded as such, and no hole in the record.
    case failure(host: HostName, at: Timestamp, reason: String)
}

/// Where samples go. One batch is one transaction.
package protocol SampleSink: Sendable {
    func store(_ batch: [SampleOutcome]) async throws
}
