package import ClusterModel

extension Policy {
    /// What this host may give to domains, in ordinary memory: huge pages that are set aside are
    /// not part of it, nor what is kept for the host, or what others use of it where that is more
    /// (see `measured`). Zero for a host that was not read.
    package func usableMemory(of host: Host) -> Bytes {
        guard let facts = host.facts else { return .zero }
        let setAside = facts.setAside.count
        let kept = host.reserve?.memory ?? reserve.memory ?? .zero
        let reserved = Self.larger(kept, host.usedByOthers?.memory).count
        let left = max(0, facts.memory.count - setAside - reserved)
        return Bytes(left.scaled(byThousandths: overcommit.memoryThousandths))
    }

    /// What this host may give to domains in CPU demand.
    package func usableCPU(of host: Host) -> MilliCPU {
        guard let facts = host.facts else { return .zero }
        let kept = host.reserve?.cpu ?? reserve.cpu ?? .zero
        let reserved = Self.larger(kept, host.usedByOthers?.cpu).count
        let left = max(0, MilliCPU.cpus(facts.cpu.logicalCPUs).count - reserved)
        return MilliCPU(left.scaled(byThousandths: overcommit.cpuThousandths))
    }

    /// `kept` is below zero where a conflict's search gives a host more than it has.
    private static func larger<Amount: Comparable>(_ kept: Amount, _ used: Amount?) -> Amount {
        used.map { max(kept, $0) } ?? kept
    }

    /// Ordinary memory that a domain needs on its host: all it may ever use, since libvirt checks
    /// nothing and the host would swap or kill. What is in huge pages does not count, only what
    /// QEMU takes beside it.
    package func memoryDemand(of facts: DomainFacts) -> Bytes {
        let inPages = facts.hugePages.map { Bytes($0.pages * $0.pageSize.count) } ?? .zero
        return max(.zero, facts.memory - inPages) + perDomainOverhead.size(of: facts)
    }

    /// CPU demand in each of the slots; a domain that was never sampled counts `assumedPerVCPU`.
    package func cpuDemand(of domain: Domain, slots: Int) -> [MilliCPU] {
        let assumed = MilliCPU(demand.assumedPerVCPU.count * Int64(domain.facts.vcpus))
        guard let cpu = domain.demand.cpu, let peak = cpu.max() else {
            return Array(repeating: assumed, count: slots)
        }
        // A vector of another length can't be laid on the slots: its peak is the safe reading.
        return cpu.count == slots ? cpu : Array(repeating: peak, count: slots)
    }
}

extension HugePagePool {
    /// libvirt lists a host's base pages (4 to 64 KiB) with the huge ones.
    package var isHuge: Bool { pageSize > .kibibytes(64) }
}

extension Int64 {
    fileprivate func scaled(byThousandths factor: Int64) -> Int64 {
        // In two parts: a petabyte times a thousand would not fit otherwise.
        self / 1000 * factor + self % 1000 * factor / 1000
    }
}
