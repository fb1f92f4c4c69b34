package import ClusterModel
package import HypervisorInterface

/// What a step inspector gets to know.
extension SimulatedWorld {
    package func needs(
        of domain: DomainID, on host: HostName
    ) throws(HypervisorError) -> StepNeeds {
        let copy = try known(domain, on: host, operation: "read the domain's requirements")
        let facts = copy.facts
        var needs = StepNeeds(
            domain: domain, name: facts.name,
            memory: copy.isActive ? facts.balloon ?? facts.memory : nil,
            hugePages: facts.hugePages,
            strictCells: facts.numa.flatMap { $0.isStrict ? $0.cells : nil },
            networks: facts.interfaces.compactMap(\.network), portgroups: facts.portgroups,
            consolePorts: copy.isActive
                ? (facts.consolePorts ?? []).filter { !$0.isAutomatic } : [])
        needs.secrets = facts.secrets ?? []
        return needs
    }

    package mutating func lacks(
        _ needs: StepNeeds, on name: HostName
    ) throws(HypervisorError) -> [String] {
        try reach(name, operation: "check the target's resources")
        guard let host = host(name) else { return [] }
        var lacks: [String] = []
        if let other = host.domains.first(where: {
            $0.facts.name == needs.name && $0.id != needs.domain
        }) {
            lacks.append("\(name) has another domain '\(needs.name)' (\(other.id))")
        }
        let missing = Set(needs.networks).subtracting(host.facts.networks)
        if !missing.isEmpty {
            lacks.append(
                "network \(missing.sorted().joined(separator: ", ")) is not active on \(name)")
        }
        lacks += needs.portgroups.sorted { $0.key < $1.key }.flatMap { network, wanted in
            let have = host.facts.networkDetails?.first { $0.name == network }?.portgroups ?? []
            return wanted.filter { !have.map(\.name).contains($0) }.map {
                "network \(network) on \(name) has no portgroup '\($0)'"
            }
        }
        for other in host.domains where other.isActive && other.id != needs.domain {
            lacks += needs.consolePorts.filter { port in
                other.facts.consolePorts?.contains { $0.clashes(with: port) } == true
            }.map { "console port \($0.port) is taken on \(name) by '\(other.facts.name)'" }
        }
        lacks += host.facts.missing(needs.secrets).map {
            "secret \($0.text) is not defined on \(name)"
        }
        guard let memory = needs.memory else { return lacks }
        if let shortage = shortage(of: memory, needs.hugePages, on: host) {
            lacks.append(shortage)
            if !host.isTouchedByOthers {
                violations.append("capacity: \(needs.name) was sent where \(shortage)")
            }
        }
        return lacks
    }

    private func shortage(
        of memory: Bytes, _ pages: HugePageDemand?, on host: SimulatedHost
    ) -> String? {
        guard let pages else {
            let free = host.facts.memory - host.committedMemory
            guard free < memory else { return nil }
            return "\(host.name) has \(free) of memory available where \(memory) is needed"
        }
        let total = host.facts.cells.flatMap(\.hugePages)
            .filter { $0.pageSize == pages.pageSize }.reduce(0) { $0 + $1.total }
        let free = total - host.committedPages(of: pages.pageSize)
        guard free < pages.pages else { return nil }
        return "\(host.name) has \(free) free huge pages of \(pages.pageSize) where \(pages.pages) "
            + "are needed"
    }
}
