package import ClusterModel

/// What the samples of a window say: the demand of each domain and the use of each host.
package struct MeasuredLoad: Hashable, Sendable {
    package var window: SampleWindow
    package var domains: [DomainID: Demand]
    /// How much the errors of foreseen demand rise and fall together, 0 to 1.
    package var correlation = 0.0
    package var hosts: [HostName: HostUse]
    /// Newest measured rate at which a guest rewrites its memory, bytes a second.
    package var singleDirtyRates: [DomainID: Bytes]
    /// The same over two windows, where it was measured lately.
    package var dirtyRates: [DomainID: DirtyRates] = [:]
    /// Size of each domain's QEMU process.
    package var resident: [DomainID: Bytes] = [:]

    package init(
        window: SampleWindow, domains: [DomainID: Demand] = [:],
        hosts: [HostName: HostUse] = [:], singleDirtyRates: [DomainID: Bytes] = [:]
    ) {
        self.window = window
        self.domains = domains
        self.hosts = hosts
        self.singleDirtyRates = singleDirtyRates
    }

    /// From samples in order of time; for tests, the simulator and single looks. The database feeds
    /// a `LoadAccumulator` itself, without building samples.
    package init(
        of samples: some Sequence<RawHostSample>, window: SampleWindow, rules: RateRules
    ) {
        var accumulator = LoadAccumulator(window: window, rules: rules)
        var domainNumbers: [DomainID: Int] = [:]
        var hostNumbers: [HostName: Int] = [:]
        for sample in samples {
            let host = hostNumbers.number(of: sample.host)
            accumulator.add(
                host: host, at: sample.at, cpu: sample.cpu, available: sample.memory?.available)
            for domain in sample.domains {
                accumulator.add(
                    DomainReading(
                        domain: domainNumbers.number(of: domain.id), host: host, at: sample.at,
                        cpuTime: domain.cpuTime, vcpus: domain.vcpus, vcpuDelay: domain.vcpuDelay,
                        dirtyRate: domain.dirtyRate))
            }
        }
        self = accumulator.finish(domains: domainNumbers, hosts: hostNumbers)
    }
}

/// Measured use of one host over a window.
package struct HostUse: Hashable, Sendable {
    /// The worst slot of its busy share, in thousandths of all its CPUs; nil when not measured.
    package var busyPermille: Int64?
    /// The newest figure, not the worst: memory that was given back is free now.
    package var memoryAvailable: Bytes?
    package var newestSample: Timestamp?
    /// What of its load is not its domains'; nil where samples were not looked at.
    package var shared: SharedTime?

    /// How long a host was busy, and how long its domains were, in the raw samples of a window.
    package struct SharedTime: Hashable, Sendable {
        /// Milliseconds that both were measured in.
        package var measured: Int64 = 0
        /// Busy share of the host times milliseconds, in thousandths.
        package var busy: Int64 = 0
        /// CPU of its domains times milliseconds, in thousandths of a CPU.
        package var domains: Int64 = 0

        /// CPU on average that was used by others than domains; none where nothing was measured.
        package func others(ofCPUs cpus: Int) -> MilliCPU {
            guard measured > 0 else { return .zero }
            return MilliCPU(max(0, busy / measured * Int64(cpus) - domains / measured))
        }
    }

    package init(
        busyPermille: Int64? = nil, memoryAvailable: Bytes? = nil, newestSample: Timestamp? = nil
    ) {
        self.busyPermille = busyPermille
        self.memoryAvailable = memoryAvailable
        self.newestSample = newestSample
    }

    /// As the cluster snapshot has it.
    package func load(ofCPUs logicalCPUs: Int?) -> HostLoad {
        HostLoad(
            cpu: logicalCPUs.flatMap { cpus in
                busyPermille.map { MilliCPU($0 * Int64(cpus)) }
            },
            memoryAvailable: memoryAvailable,
            cpuOfOthers: busyPermille == nil
                ? nil : logicalCPUs.flatMap { shared?.others(ofCPUs: $0) })
    }
}

extension Dictionary where Value == Int {
    fileprivate mutating func number(of key: Key) -> Int {
        if let number = self[key] { return number }
        self[key] = count
        return count - 1
    }
}
