import ClusterModel
import Yams

/// Reads a policy from YAML: everything it does not know is an error with line and column.
package enum PolicyReader {
    static let keys = [
        "name", "reserve", "overcommit", "perDomainOverhead", "demand", "affinity",
        "antiAffinity", "pin", "fence", "ban", "exclude", "limits", "maxDomainsPerHost",
        "balance", "migration", "sharedStorage",
    ]

    package static func read(_ yaml: String) throws(PolicyError) -> Policy {
        guard let document = try compose(yaml) else {
            throw PolicyError("the policy is empty: give it at least 'name: …'")
        }
        let table = try YAMLTable(document, path: "", keys: keys)
        var policy = Policy(name: "")
        policy.name = try table.required(
            table.scalar("name", "a word") { $0.isEmpty ? nil : $0 }, "name")
        try readCapacity(table, into: &policy)
        try readPlacement(table, into: &policy)
        try readLimits(table, into: &policy)
        policy.sharedStorage = try sharedStorage(table)
        if let balance = try table.table("balance", keys: balanceKeys) {
            policy.balance = try self.balance(balance)
        }
        if let migration = try table.table("migration", keys: migrationKeys) {
            policy.migration = try options(migration)
        }
        return policy
    }

    static func compose(_ yaml: String) throws(PolicyError) -> Yams.Node? {
        do {
            return try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw PolicyError(yamlError: error)
        } catch {
            throw PolicyError("the policy is not YAML: \(error)")
        }
    }

    private static func readCapacity(
        _ table: YAMLTable, into policy: inout Policy
    ) throws(PolicyError) {
        if let reserve = try table.table("reserve", keys: ["memory", "cpu"]) {
            policy.reserve.memory = try size(reserve, "memory") ?? policy.reserve.memory
            policy.reserve.cpu = try cpus(reserve, "cpu") ?? policy.reserve.cpu
        }
        if let overcommit = try table.table("overcommit", keys: ["memory", "cpu"]) {
            policy.overcommit.memoryThousandths =
                try factor(overcommit, "memory") ?? policy.overcommit.memoryThousandths
            policy.overcommit.cpuThousandths =
                try factor(overcommit, "cpu") ?? policy.overcommit.cpuThousandths
        }
        policy.perDomainOverhead =
            try size(table, "perDomainOverhead") ?? policy.perDomainOverhead
        let demandKeys = ["window", "percentile", "slots", "assumedPerVCPU"]
        if let demand = try table.table("demand", keys: demandKeys) {
            policy.demand.windowSeconds =
                try seconds(demand, "window") ?? policy.demand.windowSeconds
            policy.demand.percentile =
                try whole(demand, "percentile", 1...100) ?? policy.demand.percentile
            policy.demand.slots = try whole(demand, "slots", 1...96) ?? policy.demand.slots
            policy.demand.assumedPerVCPU =
                try cpus(demand, "assumedPerVCPU") ?? policy.demand.assumedPerVCPU
        }
    }

    private static func readPlacement(
        _ table: YAMLTable, into policy: inout Policy
    ) throws(PolicyError) {
        policy.affinity = try groups(table, "affinity")
        policy.antiAffinity = try groups(table, "antiAffinity")
        policy.pin = try patterns(table, "pin") ?? []
        policy.exclude = try patterns(table, "exclude") ?? []
        policy.fence = try rules(table, "fence")
        policy.ban = try rules(table, "ban")
    }

    private static func readLimits(
        _ table: YAMLTable, into policy: inout Policy
    ) throws(PolicyError) {
        policy.maxDomainsPerHost = try whole(table, "maxDomainsPerHost", 1...100_000)
        guard let limits = try table.table("limits", keys: ["perHost", "fleet"]) else { return }
        policy.limits.perHost = try whole(limits, "perHost", 1...64) ?? policy.limits.perHost
        policy.limits.fleet = try whole(limits, "fleet", 1...10_000) ?? policy.limits.fleet
    }

    private static func groups(
        _ table: YAMLTable, _ key: String
    ) throws(PolicyError) -> [PlacementGroup] {
        var groups: [PlacementGroup] = []
        for entry in try table.tables(key, keys: ["name", "domains", "scope"]) {
            let scope = try entry.scalar("scope", "'host' or 'zone'") {
                PlacementGroup.Scope(rawValue: $0)
            }
            let domains = try entry.required(patterns(entry, "domains"), "domains")
            let name = try entry.scalar("name", "a word") { $0.isEmpty ? nil : $0 }
            groups.append(
                PlacementGroup(
                    name: name ?? "\(key) \(groups.count + 1)", domains: domains,
                    scope: scope ?? .host))
        }
        return groups
    }

    private static func rules(
        _ table: YAMLTable, _ key: String
    ) throws(PolicyError) -> [HostRule] {
        var rules: [HostRule] = []
        for entry in try table.tables(key, keys: ["domains", "hosts"]) {
            rules.append(
                HostRule(
                    domains: try entry.required(patterns(entry, "domains"), "domains"),
                    hosts: try entry.required(patterns(entry, "hosts"), "hosts")))
        }
        return rules
    }

    static func sharedStorage(_ table: YAMLTable) throws(PolicyError) -> [SharedStorage] {
        var shared: [SharedStorage] = []
        for entry in try table.tables("sharedStorage", keys: ["path", "hosts"]) {
            let path = try entry.scalar("path", "an absolute path such as /srv/vm") {
                $0.hasPrefix("/") ? $0 : nil
            }
            shared.append(
                SharedStorage(
                    path: try entry.required(path, "path"),
                    hosts: try entry.strings("hosts")?.map { HostName($0) }))
        }
        return shared
    }
}

extension Policy {
    /// Reads a policy file's text.
    package init(yaml: String) throws(PolicyError) { self = try PolicyReader.read(yaml) }
}
