package import ClusterModel
package import HypervisorInterface

/// A host of the simulated world with the domains on it.
package struct SimulatedHost: Hashable, Codable, Sendable {
    package var name: HostName
    @Boxed package var facts: HostFacts
    /// Speed of its migration network, shared by what leaves and what arrives.
    package var linkMbps: Int
    /// It lost its power and does not come back.
    package var isLost = false
    /// When it will have started again after it lost its power.
    package var rebootsAt: Timestamp?
    /// Nobody reaches its daemon before this moment.
    package var silentUntil: Timestamp?
    /// We do not reach its daemon before this moment; other hosts do.
    package var unreachableUntil: Timestamp?
    /// Our name for it leads to another machine before this moment, which knows none of its
    /// domains.
    package var misleadsUntil: Timestamp?
    /// Other hosts' daemons do not reach its daemon before this moment; we do.
    package var peersCutUntil: Timestamp?
    /// Its migration network carries nothing before this moment.
    package var linkDownUntil: Timestamp?
    /// Somebody else placed or started a domain here: what we know of its room is void.
    package var isTouchedByOthers = false
    /// What our controller laid here, and another that works here or has.
    package internal(set) var lease: HostLease?
    /// When it was laid or renewed last, by the world's clock.
    var leaseLaidAt: Timestamp?
    package internal(set) var otherController: OtherController?
    package var bootedAt: Timestamp
    /// Files that this host alone has, by path; nil where nobody follows any.
    package internal(set) var files: [String: SimulatedFile]?
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

    /// Its daemon answers nobody.
    package func isSilent(at time: Timestamp) -> Bool {
        isLost || silentUntil.map { time < $0 } ?? false
    }

    /// Its daemon does not answer us.
    package func isUnreachable(at time: Timestamp) -> Bool {
        isSilent(at: time) || unreachableUntil.map { time < $0 } ?? false
    }

    /// Its daemon does not hear other hosts' daemons.
    package func isCutFromPeers(at time: Timestamp) -> Bool {
        isSilent(at: time) || peersCutUntil.map { time < $0 } ?? false
    }

    package func isMisleading(at time: Timestamp) -> Bool {
        misleadsUntil.map { time < $0 } ?? false
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

    mutating func freeMonitors() {
        for index in domains.indices { domains[index].stuckUntil = nil }
    }

    /// Power is back: guests are gone, definitions are there, and what starts with its host starts.
    mutating func reboot(at time: Timestamp) {
        isLost = false
        rebootsAt = nil
        bootedAt = time
        endedCPUTime = 0
        silentUntil = nil
        linkDownUntil = nil
        for copy in domains {
            let isDefined = copy.isIncoming ? copy.hadDefinition : copy.facts.isPersistent
            end(copy.id, keepingDefinition: isDefined, at: time)
            if isDefined && copy.facts.autostart {
                update(copy.id) { $0.become(.running, at: time) }
            }
        }
        forgetCauses()
        endedCPUTime = 0
    }

    /// The process ends; what is left is the definition, where there is one.
    mutating func end(_ id: DomainID, keepingDefinition: Bool, at time: Timestamp) {
        guard let index = domains.firstIndex(where: { $0.id == id }) else { return }
        endedCPUTime += domains[index].cpuTime(at: time)
        guard keepingDefinition else {
            domains.remove(at: index)
            return
        }
        domains[index].end(at: time)
    }

    /// libvirtd was started again, and the host with it or not.
    mutating func forgetCauses() {
        for index in domains.indices { domains[index].forgetCause() }
    }
}
