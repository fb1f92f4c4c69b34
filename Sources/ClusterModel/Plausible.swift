/// What a figure from outside may be before it is nonsense, and what is wrong with one that is.
///
/// Hosts, files and databases are read by many doors and summed up in many places. Sums are not
/// checked: within these bounds none of them can overflow, however large the fleet.
package enum Plausible {
    /// Of a host or of a domain; also what is rewritten in a second. A hundred times what the
    /// largest machines have.
    package static let memory = Bytes(1 << 50)
    /// Of all hosts, or all domains, of a fleet together.
    package static let memoryOfAll = Bytes(1 << 57)
    /// Of a storage pool, and of all disks together.
    package static let storage = Bytes(1 << 60)
    /// Of all domains of one host together, in memory and in disks: far less than of a fleet, so
    /// that one host's nonsense does not make a fleet's sum impossible.
    package static let memoryOfAHost = Bytes(1 << 52)
    package static let storageOfAHost = Bytes(1 << 56)
    /// Of a host or of a domain.
    package static let cpus = 1_000_000
    /// Mbit/s.
    package static let link = 1...1_000_000
    /// Allowed numbers of slots of demand.
    package static let slots = 1...10_000
    /// In milliseconds: a day, for what takes seconds.
    package static let measurement: ClosedRange<Int64> = 1...86_400_000

    static func fault(_ what: String, _ size: Bytes?, upTo most: Bytes = memory) -> String? {
        guard let size, size < .zero || size > most else { return nil }
        return "\(what) is absurd: \(size), not 0 B to \(most)"
    }

    static func fault(
        _ what: String, _ number: Int64?, _ range: ClosedRange<Int64>
    ) -> String? {
        guard let number, !range.contains(number) else { return nil }
        return "\(what) is absurd: \(number), not \(range.lowerBound) to \(range.upperBound)"
    }

    static func fault(_ what: String, _ number: Int, _ range: ClosedRange<Int>) -> String? {
        fault(what, Int64(number), Int64(range.lowerBound)...Int64(range.upperBound))
    }

    static func fault(_ what: String, _ cpu: MilliCPU?) -> String? {
        fault(what, cpu?.count, 0...Int64(cpus) * 1000)
    }

    /// What was measured, where it can be right: a figure that cannot is as good as none.
    package static func believed(_ size: Bytes?) -> Bytes? {
        fault("", size) == nil ? size : nil
    }

    package static func believed(_ dirtyRates: DirtyRates) -> DirtyRates? {
        believed(dirtyRates.hotSet) != nil && believed(dirtyRates.coldRate) != nil
            && measurement.contains(dirtyRates.hotMilliseconds) ? dirtyRates : nil
    }

    /// The sum stops at the largest number there is.
    package static func sum(_ sizes: some Sequence<Bytes>) -> Bytes {
        sizes.reduce(.zero) { sum, size in
            let (total, overflow) = sum.count.addingReportingOverflow(size.count)
            return Bytes(overflow ? Int64.max : total)
        }
    }
}

extension HostFacts {
    /// What cannot be right, each in words that follow the host's name; empty for sound facts.
    package var faults: [String] {
        let own: [String?] = [
            Plausible.fault("its memory", memory),
            Plausible.fault("its number of CPUs", cpu.logicalCPUs, 1...Plausible.cpus),
            Plausible.fault(
                "the number of pages that KSM shares", ksm?.pagesSharing,
                0...Plausible.memory.count / KSMCounters.pageSize.count),
        ]
        let pools = pools.map {
            Plausible.fault(
                "the room in its pool '\($0.name)'", $0.available, upTo: Plausible.storage)
        }
        let huge = Plausible.sum(cells.flatMap(\.hugePages).map(\.size))
        return (own + pools).compactMap(\.self) + cells.flatMap(\.faults)
            + [Plausible.fault("the size of its huge pages together", huge)].compactMap(\.self)
    }
}

extension NUMACell {
    fileprivate var faults: [String] {
        let name = "NUMA cell \(id)"
        // What is free may be less than nothing where more was promised than there is.
        let own: [String?] = [
            Plausible.fault("the memory of \(name)", memory),
            Plausible.fault(
                "the free memory of \(name)", free?.count,
                -Plausible.memory.count...Plausible.memory.count),
        ]
        return own.compactMap(\.self)
            + hugePages.filter { !$0.isSound }.map {
                "the huge pages of \(name) are absurd: \($0.total) of \($0.pageSize), \($0.free) "
                    + "of them free, where up to \(Plausible.memory) are believed"
            }
    }
}

extension HugePagePool {
    /// What the pages hold together; no more than the largest number there is.
    package var size: Bytes {
        let (bytes, overflow) = total.multipliedReportingOverflow(by: pageSize.count)
        return Bytes(overflow ? Int64.max : bytes)
    }

    fileprivate var isSound: Bool {
        let pages = HugePageDemand(pageSize: pageSize, pages: max(total, free))
        return pages.isSound && total >= 0 && free >= 0
    }
}

extension HugePageDemand {
    /// Do this many pages of this size fit into the largest memory?
    package var isSound: Bool {
        let (bytes, overflow) = pages.multipliedReportingOverflow(by: pageSize.count)
        return !overflow && pageSize > .zero && pages >= 0 && bytes <= Plausible.memory.count
    }
}

extension DomainFacts {
    /// What cannot be right, each in words that follow the domain's name.
    package var faults: [String] {
        var faults: [String?] = [
            Plausible.fault("its memory", memory), Plausible.fault("its balloon", balloon),
            Plausible.fault("its video memory", videoMemory),
            Plausible.fault("its number of virtual CPUs", vcpus, 1...Plausible.cpus),
        ]
        if let hugePages, !hugePages.isSound {
            faults.append(
                "its huge pages are absurd: \(hugePages.pages) of \(hugePages.pageSize)")
        }
        for disk in disks {
            let name = "of its disk \(disk.target)"
            faults.append(
                Plausible.fault("the capacity \(name)", disk.capacity, upTo: Plausible.storage))
            faults.append(
                Plausible.fault("the allocation \(name)", disk.allocation, upTo: Plausible.storage))
        }
        return faults.compactMap(\.self)
    }

    fileprivate var diskSize: Bytes {
        Plausible.sum(disks.map { max($0.capacity ?? .zero, $0.allocation ?? .zero) })
    }
}

extension Sequence<DomainFacts> {
    /// What the domains of a fleet cannot have together.
    package var faultsOfAll: [String] {
        faults(upTo: Plausible.memoryOfAll, disks: Plausible.storage)
    }

    /// What the domains of one host cannot have together.
    package var faultsOfAHost: [String] {
        faults(upTo: Plausible.memoryOfAHost, disks: Plausible.storageOfAHost)
    }

    private func faults(upTo memory: Bytes, disks: Bytes) -> [String] {
        let sums: [String?] = [
            Plausible.fault(
                "the memory of its domains together", Plausible.sum(map(\.memory)), upTo: memory),
            Plausible.fault(
                "the size of their disks together", Plausible.sum(map(\.diskSize)), upTo: disks),
        ]
        return sums.compactMap(\.self)
    }
}

extension Int64 {
    /// The whole number towards zero. What is beyond half of the largest number is that half, so
    /// that two of them can be added; what is no number is zero.
    package init(saturating value: Double) {
        let most = Double(1 << 62 as Int64)
        self = value.isNaN ? 0 : Int64(Swift.min(most, Swift.max(-most, value)))
    }
}
