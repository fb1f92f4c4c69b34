package import ClusterModel

/// Memory that a domain takes of its host beside its guest's own: QEMU with its devices and
/// buffers, the page tables of host and processor, the state of virtual CPUs, video memory.
///
/// The default is explained in docs/libvirt-facts.md.
package struct DomainOverhead: Hashable, Sendable {
    /// Whatever the guest is like.
    package var fixed: Bytes
    /// Of the guest's memory, in hundredths of a percent.
    package var memoryShare: Int64
    package var perVCPU: Bytes
    /// Does the memory of its video cards count too?
    package var countsVideoMemory: Bool

    package init(
        fixed: Bytes = .mebibytes(128), memoryShare: Int64 = 40,
        perVCPU: Bytes = .mebibytes(8), countsVideoMemory: Bool = true
    ) {
        self.fixed = fixed
        self.memoryShare = memoryShare
        self.perVCPU = perVCPU
        self.countsVideoMemory = countsVideoMemory
    }

    /// One figure for every domain, and nothing else.
    package static func only(_ size: Bytes) -> DomainOverhead {
        DomainOverhead(fixed: size, memoryShare: 0, perVCPU: .zero, countsVideoMemory: false)
    }

    package static func mebibytes(_ count: Int64) -> DomainOverhead { .only(.mebibytes(count)) }
    package static let zero = DomainOverhead.only(.zero)

    /// What this domain takes.
    package func size(of facts: DomainFacts) -> Bytes {
        let memory = facts.memory.count
        let share = memory / 10_000 * memoryShare + memory % 10_000 * memoryShare / 10_000
        let cpus = Int64(min(facts.vcpus, Plausible.cpus)) * perVCPU.count
        let video = countsVideoMemory ? facts.videoMemory?.count ?? 0 : 0
        return Bytes(fixed.count + share + cpus + video)
    }
}
