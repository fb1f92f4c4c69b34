/// A virtual machine in a cluster snapshot: where it is, what it is, what it uses.
package struct Domain: Hashable, Codable, Sendable {
    package var facts: DomainFacts
    package var host: HostName
    package var demand: Demand
    /// Rate at which the guest rewrites its memory, in bytes a second; nil when not measured.
    package var dirtyRate: Bytes?
    /// The same over two windows; better where it is there.
    package var dirtyRates: DirtyRates?
    /// Memory that its QEMU process holds; nil when not measured.
    package var resident: Bytes?

    private enum CodingKeys: String, CodingKey {
        case facts, host, demand, dirtyRate, resident
        case dirtyRates = "dirtying"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        facts = try container.decode(DomainFacts.self, forKey: .facts)
        facts.settleFormerBlockers()
        host = try container.decode(HostName.self, forKey: .host)
        demand = try container.decode(Demand.self, forKey: .demand)
        dirtyRate = try container.decodeIfPresent(Bytes.self, forKey: .dirtyRate)
        dirtyRates = try container.decodeIfPresent(DirtyRates.self, forKey: .dirtyRates)
        resident = try container.decodeIfPresent(Bytes.self, forKey: .resident)
    }

    package init(
        facts: DomainFacts, host: HostName, demand: Demand, dirtyRate: Bytes? = nil
    ) {
        self.facts = facts
        self.host = host
        self.demand = demand
        self.dirtyRate = dirtyRate
    }

    package var id: DomainID { facts.id }
    package var name: String { facts.name }

    /// The best that is known of how it rewrites its memory; nil when nothing is.
    package var knownDirtyRates: DirtyRates? {
        dirtyRates ?? dirtyRate.map { DirtyRates(rate: $0) }
    }
}

/// What a domain uses: CPU in each time slot of the window. A host's load is the worst slot of the
/// sum over its domains, not the sum of their worst slots.
package struct Demand: Hashable, Codable, Sendable {
    /// One value a slot, as many as the snapshot's `demandSlots`; nil when it was never sampled.
    package var cpu: [MilliCPU]?
    /// How far the samples of each slot stray: their variance, in squared thousandths of a CPU.
    /// Only until a snapshot is made of it, and only where the policy asks for deviations.
    package var variance: [Int64]?
    /// How many samples it rests on, and the newest of them.
    package var samples: Int
    package var newestSample: Timestamp?

    package init(
        cpu: [MilliCPU]? = nil, variance: [Int64]? = nil, samples: Int = 0,
        newestSample: Timestamp? = nil
    ) {
        self.cpu = cpu
        self.variance = variance
        self.samples = samples
        self.newestSample = newestSample
    }

    package static let unknown = Demand()
}
