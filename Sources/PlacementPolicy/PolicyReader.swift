import ClusterModel
import Yams

/// Reads a policy from YAML: everything it does not know is an error with line and column.
package enum PolicyReader {
    /// Every key that is accepted, by the path of the mapping it stands in; the whole policy is "".
    /// `policies/CATALOGUE.md` explains each of them.
    package static let vocabulary: [String: [String]] = [
        "": [
            "name", "reserve", "overcommit", "overhead", "perDomainOverhead", "demand",
            "affinity", "antiAffinity", "pin", "fence", "ban", "exclude", "managed", "metadata",
            "limits",
            "maxDomainsPerHost", "wideGuests", "nPlusOne", "balance", "rebalance", "consolidate",
            "rollingReboot", "migration", "unmovable", "sharedStorage", "interfaces", "power",
        ],
        "unmovable": ["shutdown", "save", "cold", "stay", "others"],
        "reserve": ["memory", "cpu", "others"],
        "overhead": ["fixed", "memory", "perVCPU"],
        "overcommit": ["memory", "cpu"],
        "demand": [
            "window", "percentile", "deviations", "slots", "period", "assumedPerVCPU", "maxAge",
        ],
        "affinity": ["name", "domains", "scope", "prefer"],
        "antiAffinity": ["name", "domains", "scope", "prefer"],
        "fence": ["domains", "hosts", "prefer"],
        "ban": ["domains", "hosts", "prefer"],
        "metadata": ["default", "trust", "ignore"],
        "limits": ["perHost", "fleet"],
        "balance": [
            "resources", "spread", "limits", "minGain", "maxMoves", "maxMovesForSpread",
        ],
        "balance.limits": ["memory", "cpu"],
        "rebalance": [
            "aim", "held", "looks", "calm", "residence", "rest", "restAtMost", "emptyAfter",
            "settle", "movesPerHour", "quiet",
        ],
        "consolidate": ["limits", "keep", "minActive", "minEmptied", "maxMoves"],
        "consolidate.limits": ["memory", "cpu"],
        "rollingReboot": ["hostsPerRound", "bringBack"],
        "migration": [
            "live", "p2p", "suspend", "unsafe", "tunnelled", "auto-converge", "postcopy", "tls",
            "parallel", "bandwidth", "timeout", "attempts", "whenStuck", "max-downtime",
            "max-bandwidth", "copy-storage-all", "copy-storage-inc",
            "offline", "persistent", "undefinesource", "direct", "shutdown-timeout", "keep-images",
            "compressed", "comp-mt-level", "comp-mt-threads", "comp-mt-dthreads",
            "comp-xbzrle-cache", "postcopy-bandwidth",
        ],
        "sharedStorage": ["path", "hosts"],
        "interfaces": ["name", "hosts"],
        "power": ["hosts", "idle", "max", "watts"],
    ]

    /// Earlier spellings that stay readable, by the path of their mapping: the old one first.
    static let formerKeys = ["migration": ["when-stuck": "whenStuck"]]

    package static func read(_ yaml: String) throws(PolicyError) -> Policy {
        guard let document = try compose(yaml) else {
            throw PolicyError("the policy is empty: give it at least 'name: …'")
        }
        let table = try YAMLTable(document, path: "", keys: vocabulary[""] ?? [])
        var policy = Policy(name: "")
        policy.name = try table.required(
            table.scalar("name", "a word") { $0.isEmpty ? nil : $0 }, "name")
        try readCapacity(table, into: &policy)
        try readPlacement(table, into: &policy)
        try readLimits(table, into: &policy)
        policy.sharedStorage = try sharedStorage(table)
        policy.interfaces = try interfaces(table)
        policy.power = try power(table)
        if let balance = try section(table, "balance") {
            policy.balance = try self.balance(balance)
        }
        if let rebalance = try section(table, "rebalance") {
            policy.rebalance = try self.rebalance(rebalance)
        }
        if let consolidate = try section(table, "consolidate") {
            policy.consolidate = try self.consolidate(consolidate)
        }
        if let reboot = try section(table, "rollingReboot") {
            policy.reboot = try self.reboot(reboot)
        }
        if let migration = try section(table, "migration") {
            policy.migration = try options(migration)
        }
        policy.migration.unmovable = try unmovable(table)
        return policy
    }

    static func compose(_ yaml: String) throws(PolicyError) -> Yams.Node? {
        try AliasLimit.check(yaml)
        do {
            return try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw PolicyError(yamlError: error)
        } catch {
            throw PolicyError("the policy is not YAML: \(error)")
        }
    }

    /// A mapping inside another, with the keys that the vocabulary has for its place.
    static func section(_ table: YAMLTable, _ key: String) throws(PolicyError) -> YAMLTable? {
        let path = table.path.isEmpty ? key : "\(table.path).\(key)"
        return try table.table(key, keys: vocabulary[path] ?? [], former: formerKeys[path] ?? [:])
    }

    static func countsOthers(_ reserve: YAMLTable) throws(PolicyError) -> Bool? {
        try reserve.scalar("others", "measured or ignored") {
            $0 == "measured" ? true : $0 == "ignored" ? false : nil
        }
    }

    private static func readCapacity(
        _ table: YAMLTable, into policy: inout Policy
    ) throws(PolicyError) {
        if let reserve = try section(table, "reserve") {
            policy.reserve.memory = try size(reserve, "memory") ?? policy.reserve.memory
            policy.reserve.cpu = try cpus(reserve, "cpu") ?? policy.reserve.cpu
            policy.reserve.countsOthers =
                try countsOthers(reserve) ?? policy.reserve.countsOthers
        }
        if let overcommit = try section(table, "overcommit") {
            policy.overcommit.memoryThousandths =
                try factor(overcommit, "memory") ?? policy.overcommit.memoryThousandths
            policy.overcommit.cpuThousandths =
                try factor(overcommit, "cpu") ?? policy.overcommit.cpuThousandths
        }
        policy.perDomainOverhead = try overhead(table) ?? policy.perDomainOverhead
        if let demand = try section(table, "demand") {
            policy.demand = try self.demand(demand)
        }
    }

    private static func readPlacement(
        _ table: YAMLTable, into policy: inout Policy
    ) throws(PolicyError) {
        policy.affinity = try groups(table, "affinity")
        policy.antiAffinity = try groups(table, "antiAffinity")
        policy.pin = try patterns(table, "pin") ?? []
        policy.exclude = try patterns(table, "exclude") ?? []
        policy.managed = try patterns(table, "managed") ?? []
        policy.fence = try rules(table, "fence")
        policy.ban = try rules(table, "ban")
        if let metadata = try section(table, "metadata") {
            policy.metadata = try self.metadata(metadata)
        }
    }

    private static func metadata(_ table: YAMLTable) throws(PolicyError) -> MetadataRules {
        var rules = MetadataRules()
        rules.isTrusted =
            try table.scalar("default", "trust or ignore") {
                $0 == "trust" ? true : $0 == "ignore" ? false : nil
            } ?? rules.isTrusted
        rules.trust = try patterns(table, "trust") ?? []
        rules.ignore = try patterns(table, "ignore") ?? []
        return rules
    }

    private static func readLimits(
        _ table: YAMLTable, into policy: inout Policy
    ) throws(PolicyError) {
        policy.maxDomainsPerHost = try whole(table, "maxDomainsPerHost", 1...100_000)
        policy.wideGuests = try patterns(table, "wideGuests") ?? []
        policy.nPlusOne =
            try table.scalar("nPlusOne", "off, after or during") { NPlusOne(rawValue: $0) }
            ?? policy.nPlusOne
        guard let limits = try section(table, "limits") else { return }
        policy.limits.perHost = try whole(limits, "perHost", 1...64) ?? policy.limits.perHost
        policy.limits.fleet = try whole(limits, "fleet", 1...10_000) ?? policy.limits.fleet
    }

    private static func groups(
        _ table: YAMLTable, _ key: String
    ) throws(PolicyError) -> [PlacementGroup] {
        var groups: [PlacementGroup] = []
        for entry in try table.tables(key, keys: vocabulary[key] ?? []) {
            let scope = try entry.scalar("scope", "'host' or 'zone'") {
                PlacementGroup.Scope(rawValue: $0)
            }
            let domains = try entry.required(patterns(entry, "domains"), "domains")
            let name = try entry.scalar("name", "a word") { $0.isEmpty ? nil : $0 }
            var group = PlacementGroup(
                name: name ?? "\(key) \(groups.count + 1)", domains: domains,
                scope: scope ?? .host)
            group.weight = try whole(entry, "prefer", 1...1000)
            groups.append(group)
        }
        return groups
    }

    private static func rules(
        _ table: YAMLTable, _ key: String
    ) throws(PolicyError) -> [HostRule] {
        var rules: [HostRule] = []
        for entry in try table.tables(key, keys: vocabulary[key] ?? []) {
            var rule = HostRule(
                domains: try entry.required(patterns(entry, "domains"), "domains"),
                hosts: try entry.required(patterns(entry, "hosts"), "hosts"))
            rule.weight = try whole(entry, "prefer", 1...1000)
            rules.append(rule)
        }
        return rules
    }
}

extension Policy {
    /// Reads a policy file's text.
    package init(yaml: String) throws(PolicyError) { self = try PolicyReader.read(yaml) }
}
