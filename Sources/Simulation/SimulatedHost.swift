package import ClusterModel

/// A host of the simulated world with the domains on it.
package struct SimulatedHost: Hashable, Codable, Sendable {
    package var name: HostName
    @Boxed package var facts: HostFacts
    /// Speed of its migration network, shared by what leaves and what arrives.
    package var linkMbps: Int
    /// It lost its power and does not come back.
    package var isLost = false
    /// Nobody reaches its daemon before this moment.
    package var silentUntil: Timestamp?
    /// Its migration network carries nothing before this moment.
    package var linkDownUntil: Timestamp?
    /// Somebody else placed or started a domain here: what we know of its room is void.
    package var isTouchedByOthers = false
    package var bootedAt: Timestamp
    /// CPU time of QEMU processes that have ended, in nanoseconds.
    package var endedCPUTime: Int64 = 0
    /// In order of name and UUID.
    package private(set) var domains: [SimulatedDomain]

    package init(
        name: HostName, facts: HostFacts, linkMbps: Int = 1000,
        domains: [SimulatedDomain] = [], bootedAt: Timestamp = Timestamp(seconds: 0)
    ) {
        self.name = name
        self.facts = facts
        self.linkMbps = linkMbps
        self.bootedAt = bootedAt
        self.domains = domains.sorted(by: Self.order)
    }

    private static func order(_ left: SimulatedDomain, _ right: SimulatedDomain) -> Bool {
        (left.facts.name, left.id) < (right.facts.name, right.id)
    }

    package func isSilent(at time: Timestamp) -> Bool {
        isLost || silentUntil.map { time < $0 } ?? false
    }

    package func isLinkDown(at time: Timestamp) -> Bool {
        isLost || linkDownUntil.map { time < $0 } ?? false
    }

    package func domain(_ id: DomainID) -> SimulatedDomain? { domains.first { $0.id == id } }

    /// Memory of every QEMU process, incoming ones too: that is what counts while a domain moves.
    package var committedMemory: Bytes {
        domains.reduce(into: .zero) { sum, copy in
            if copy.isActive && copy.facts.hugePages == nil { sum += copy.facts.memory }
        }
    }

    package func committedPages(of size: Bytes) -> Int64 {
        domains.reduce(into: 0) { sum, copy in
            if copy.isActive, let demand = copy.facts.hugePages, demand.pageSize == size {
                sum += demand.pages
            }
        }
    }

    mutating func update(_ id: DomainID, _ change: (inout SimulatedDomain) -> Void) {
        guard let index = domains.firstIndex(where: { $0.id == id }) else { return }
        change(&domains[index])
    }

    mutating func insert(_ copy: SimulatedDomain) {
        domains.removeAll { $0.id == copy.id }
        let place = domains.firstIndex { Self.order(copy, $0) } ?? domains.endIndex
        domains.insert(copy, at: place)
    }

    /// The process ends; what is left is the definition, where there is one.
    mutating func end(_ id: DomainID, keepingDefinition: Bool, at time: Timestamp) {
        guard let index = domains.firstIndex(where: { $0.id == id }) else { return }
        endedCPUTime += domains[index].cpuTime(at: time)
        guard keepingDefinition else {
            domains.remove(at: index)
            return
        }
        domains[index].become(.inactive, at: time)
        domains[index].isIncoming = false
        domains[index].isStale = false
    }
}
