internal import CLibvirt
package import ClusterModel
package import HypervisorInterface
import Telemetry

/// The part of `hosts check` that matters to one step, asked again right before it.
extension LibvirtHost: StepInspector {
    package func needs(of domain: DomainID) async throws -> StepNeeds {
        try await watch("read the domain's requirements", domain) { connection in
            let handle = try connection.domain(domain.rawValue)
            var facts = try DomainXMLReader.read(handle.xml())
            facts.state = try handle.isActive() ? .running : .shutOff
            if facts.usesDefaultPages == true {
                facts.settleHugePages(on: try connection.pagesAlone())
            }
            let numa = facts.numa.flatMap { $0.isStrict ? $0.cells : nil }
            var needs = StepNeeds(
                domain: domain, name: facts.name,
                memory: facts.state.isActive ? facts.balloon ?? facts.memory : nil,
                hugePages: facts.hugePages, strictCells: numa,
                networks: facts.interfaces.compactMap(\.network),
                portgroups: facts.portgroups,
                consolePorts: facts.state.isActive
                    ? (facts.consolePorts ?? []).filter { !$0.isAutomatic } : [])
            needs.secrets = facts.secrets ?? []
            for disk in facts.disks {
                if case .file(let path) = disk.source { needs.files[disk.target] = path }
            }
            return needs
        }
    }

    package func lacks(_ needs: StepNeeds) async throws -> [String] {
        let host = host
        return try await watch("check the target's resources", needs.domain) { connection in
            var lacks: [String] = []
            if let other = connection.namesake(of: needs) {
                lacks.append("\(host) has another domain '\(needs.name)' (\(other))")
            }
            lacks += try connection.missing(needs.networks, on: host)
            lacks += connection.portgroupsLacking(needs, on: host)
            lacks += try connection.portsTaken(needs, on: host)
            lacks += connection.missing(needs.secrets).map {
                "secret \($0.text) is not defined on \(host)"
            }
            lacks += connection.missing(needs.files).map {
                "\($0) is not on \(host): is its folder mounted there?"
            }
            guard let memory = needs.memory else { return lacks }
            if let pages = needs.hugePages {
                let free = (needs.strictCells ?? Array(0..<connection.cellCount)).reduce(Int64(0)) {
                    $0 + (connection.freePages(of: pages.pageSize, cell: $1) ?? 0)
                }
                if free < pages.pages {
                    lacks.append(
                        "\(host) has \(free) free huge pages of \(pages.pageSize) where "
                            + "\(pages.pages) are needed")
                }
            } else if let free = connection.availableMemory, free < memory {
                lacks.append("\(host) has \(free) of memory available where \(memory) is needed")
            }
            return lacks
        }
    }
}

extension ConnectionHandle {
    /// The UUID of a domain of the same name that is not this one: its definition would clash.
    fileprivate func namesake(of needs: StepNeeds) -> String? {
        guard let found = use({ virDomainLookupByName($0, needs.name) }) else { return nil }
        let uuid = try? DomainHandle(owning: found).uuid()
        return uuid == needs.domain.rawValue ? nil : uuid
    }

    /// A guest without networks asks nobody: with modular daemons another one would answer.
    fileprivate func missing(_ networks: [String], on host: HostName) throws -> [String] {
        guard !networks.isEmpty else { return [] }
        do {
            let missing = Set(networks).subtracting(try activeNetworks()).sorted()
            guard !missing.isEmpty else { return [] }
            return ["network \(missing.joined(separator: ", ")) is not active on \(host)"]
        } catch {
            guard isAlive else { throw error }
            let unread = UnreadPart(.networks, reason: error.message)
            return [unread.detail(of: "\(host)'s") + " (\(unread.remedy()))"]
        }
    }

    /// A card whose portgroup is missing would be given the network's default one, without a word.
    fileprivate func portgroupsLacking(_ needs: StepNeeds, on host: HostName) -> [String] {
        needs.portgroups.sorted { $0.key < $1.key }.flatMap { name, wanted -> [String] in
            guard let xml = networkXML(name), let network = try? NetworkXMLReader.read(xml) else {
                return []
            }
            let have = Set((network.portgroups ?? []).map(\.name))
            return wanted.filter { !have.contains($0) }.map {
                "network \(name) on \(host) has no portgroup '\($0)'"
            }
        }
    }

    /// Only for a guest whose console was given a port: each other guest's XML is read for it.
    fileprivate func portsTaken(_ needs: StepNeeds, on host: HostName) throws -> [String] {
        guard !needs.consolePorts.isEmpty else { return [] }
        var taken: [String] = []
        for domain in try domains(VIR_CONNECT_LIST_DOMAINS_ACTIVE.rawValue) {
            guard let xml = try? domain.xml(), let facts = try? DomainXMLReader.read(xml),
                facts.id != needs.domain
            else { continue }
            for port in needs.consolePorts
            where facts.consolePorts?.contains(where: { $0.clashes(with: port) }) == true {
                taken.append("console port \(port.port) is taken on \(host) by '\(facts.name)'")
            }
        }
        return taken
    }

    /// Those that it surely has not.
    fileprivate func missing(_ secrets: [SecretNeed]) -> [SecretNeed] {
        guard !secrets.isEmpty, let own = try? self.secrets() else { return [] }
        return secrets.filter { need in !own.contains { need.isMet(by: $0) } }
    }

    /// Files that are surely not here, sorted. Only where no active pool covers their folder: of
    /// pools libvirt knows by itself whether they are mounted. A folder that cannot be read by root
    /// (NFS with root_squash) says nothing.
    fileprivate func missing(_ files: [String: String]) -> [String] {
        let folders = Dictionary(grouping: files.values, by: DiskImage.folder(of:))
        return folders.flatMap { folder, paths -> [String] in
            guard pool(showing: folder) == nil else { return [] }
            do {
                return try withPool(showing: folder) { pool in
                    try paths.filter { try pool.volume(String(DiskImage.name(of: $0))) == nil }
                }
            } catch {
                let isGone =
                    (error as? LibvirtFailure)?.message.contains("No such file or directory")
                return isGone == true ? paths : []
            }
        }.sorted()
    }

    /// What could be given out without swapping, as the collector counts it.
    var availableMemory: Bytes? {
        memoryGauges().map { $0.free + $0.buffers + $0.cached }
    }

    fileprivate var cellCount: Int {
        var info = virNodeInfo()
        guard use({ virNodeGetInfo($0, &info) }) == 0 else { return 1 }
        return max(1, Int(info.nodes))
    }
}

extension ConnectionHandle {
    /// Numbers of this host's CPUs and NUMA cells.
    func cpusAndCells() throws -> (cpus: Set<Int>, cells: Set<Int>) {
        let cells = try capabilities().cells
        return (Set(cells.flatMap(\.cpus)), Set(cells.map(\.id)))
    }

    /// This host, as far as it is needed to know its huge pages.
    fileprivate func pagesAlone() throws -> HostFacts {
        let read = try capabilities()
        return HostFacts(
            uuid: read.uuid, hostname: "", cpu: read.cpu, memory: .zero, cells: read.cells)
    }

    private func capabilities() throws -> CapabilitiesXMLReader.Capabilities {
        try CapabilitiesXMLReader.read(ownedString(use { virConnectGetCapabilities($0) }))
    }
}
