package import ClusterModel

/// Looks once more, just before a step, at what may have changed since the plan: cheap questions
/// only.
package protocol StepInspector: Sendable {
    /// What a domain here needs of the host that it goes to.
    func needs(of domain: DomainID) async throws -> StepNeeds
    /// What of that is not to be had here, one sentence each.
    func lacks(_ needs: StepNeeds) async throws -> [String]
}

/// What a domain needs of its next host at this moment.
package struct StepNeeds: Hashable, Sendable {
    package var domain: DomainID
    package var name: String
    /// nil for a domain that does not run.
    package var memory: Bytes?
    package var hugePages: HugePageDemand?
    package var strictCells: [Int]?
    package var networks: [String]
    /// Names of portgroups by the network that must have them.
    package var portgroups: [String: [String]]
    /// Ports that its consoles were given.
    package var consolePorts: [ConsolePort]
    package var secrets: [SecretNeed] = []
    /// Files of its disks that must be there already, by disk.
    package var files: [String: String] = [:]

    package init(
        domain: DomainID, name: String, memory: Bytes?, hugePages: HugePageDemand? = nil,
        strictCells: [Int]? = nil, networks: [String] = [],
        portgroups: [String: [String]] = [:], consolePorts: [ConsolePort] = []
    ) {
        self.domain = domain
        self.name = name
        self.memory = memory
        self.hugePages = hugePages
        self.strictCells = strictCells
        self.networks = networks
        self.portgroups = portgroups
        self.consolePorts = consolePorts
    }
}
