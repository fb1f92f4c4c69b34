import ClusterModel

/// Reads the fleet file from YAML: everything it does not know is an error with line and column.
package enum FleetReader {
    static let keys = [
        "hosts", "database", "policy", "sharedStorage", "retention", "connectTimeout",
    ]
    static let hostKeys = [
        "name", "uri", "peerURI", "migrationAddress", "linkMbps", "zone", "reserve", "tlsName",
    ]

    /// `aliases` are those of libvirt's own configuration (`LibvirtAliases`), by which a host's
    /// URI may be given.
    package static func read(
        _ yaml: String, aliases: LibvirtAliases = LibvirtAliases()
    ) throws(PolicyError) -> Fleet {
        guard let document = try PolicyReader.compose(yaml) else {
            throw PolicyError("the file is empty: list at least one host under 'hosts:'")
        }
        let table = try YAMLTable(document, path: "", keys: keys)
        var fleet = Fleet(hosts: try hosts(table, aliases))
        fleet.database = try table.scalar("database", "a folder", text) ?? fleet.database
        fleet.policy = try table.scalar("policy", "a policy file", text)
        fleet.sharedStorage = try PolicyReader.sharedStorage(table)
        fleet.connectTimeout = try table.scalar(
            "connectTimeout", "a time from 1s to 1m, such as 5s"
        ) { Quantity.seconds($0).flatMap { (1...60).contains($0) ? $0 : nil } }
        if let retention = try table.table(
            "retention", keys: ["raw", "minutes", "fiveMinutes", "hours"])
        {
            fleet.retention = try self.retention(retention)
        }
        return fleet
    }

    private static func retention(_ table: YAMLTable) throws(PolicyError) -> Retention {
        var kept = Retention()
        kept.raw = try PolicyReader.seconds(table, "raw") ?? kept.raw
        kept.minutes = try PolicyReader.seconds(table, "minutes") ?? kept.minutes
        kept.fiveMinutes = try PolicyReader.seconds(table, "fiveMinutes") ?? kept.fiveMinutes
        kept.hours = try PolicyReader.seconds(table, "hours") ?? kept.hours
        // An hour must be whole before it can be rolled up, and a day of policies is read raw.
        guard kept.raw >= 2 * 3600 else {
            throw table.error("raw samples must be kept for 2h at least", at: "raw")
        }
        return kept
    }

    private static func hosts(
        _ table: YAMLTable, _ aliases: LibvirtAliases
    ) throws(PolicyError) -> [FleetHost] {
        var hosts: [FleetHost] = []
        var known = KnownHosts()
        let entries = try table.tables("hosts", keys: hostKeys)
        for entry in entries {
            let host = try self.host(entry, aliases)
            // Alone it has nobody to migrate to.
            if entries.count > 1 { try refuseOwnMachine(host, entry) }
            guard known.byName[host.name] == nil else {
                throw entry.error("two hosts have the name '\(host.name)'", at: "name")
            }
            guard known.byURI[host.uri] == nil else {
                throw entry.error("two hosts have the uri '\(host.uri)'", at: "name")
            }
            try refuseSharedAddress(of: host, known, entry)
            known.add(host)
            hosts.append(host)
        }
        guard !hosts.isEmpty else {
            throw PolicyError(
                "no hosts: add for each 'hosts: [{name: host1, uri: qemu+ssh://root@host1/system}]'"
            )
        }
        return hosts
    }

    /// The hosts that were read so far, by what no two may have in common.
    private struct KnownHosts {
        var byName: [HostName: FleetHost] = [:]
        var byURI: [String: FleetHost] = [:]
        var byPeer: [String: FleetHost] = [:]
        /// The first host that migrations to an address go to.
        var byGoal: [NetworkAddress: FleetHost] = [:]

        mutating func add(_ host: FleetHost) {
            byName[host.name] = host
            byURI[host.uri] = host
            if let peer = host.peerURI { byPeer[peer] = host }
            if let goal = FleetReader.goal(of: host), byGoal[goal] == nil { byGoal[goal] = host }
        }
    }

    /// Every migration to one of them would go to the other.
    private static func refuseSharedAddress(
        of host: FleetHost, _ others: KnownHosts, _ entry: YAMLTable
    ) throws(PolicyError) {
        if let peer = host.peerURI, let twin = others.byPeer[peer] {
            throw entry.error(
                "\(twin.name) and \(host.name) have the same peerURI '\(peer)': give each host its "
                    + "own", at: "peerURI")
        }
        guard let address = goal(of: host), let twin = others.byGoal[address] else { return }
        guard host.migrationAddress != nil || twin.migrationAddress != nil else { return }
        let key = host.migrationAddress == nil ? "uri" : "migrationAddress"
        let text = host.migrationAddress ?? host.address
        throw entry.error(
            host.migrationAddress != nil && twin.migrationAddress != nil
                ? "\(twin.name) and \(host.name) have the same migrationAddress '\(text)': give "
                    + "each host its own"
                : "migrations to \(twin.name) and \(host.name) both go to '\(text)': give each "
                    + "host its own migrationAddress", at: key)
    }

    /// Where migrations to it go.
    private static func goal(of host: FleetHost) -> NetworkAddress? {
        NetworkAddress(host.migrationAddress ?? host.address)
    }

    /// What means the machine itself on every machine, each host would take for itself: a
    /// migration there would be one "to the same host".
    private static func refuseOwnMachine(
        _ host: FleetHost, _ entry: YAMLTable
    ) throws(PolicyError) {
        if let peer = host.peerURI, LibvirtURI.isLocal(peer) {
            throw entry.error(
                "\(host.name): peerURI '\(peer)' means 'this machine' to every host: give the "
                    + "URI by which the others reach it, such as "
                    + "qemu+ssh://root@\(host.name)/system", at: "peerURI")
        }
        if let text = host.migrationAddress, NetworkAddress(text)?.isLoopback == true {
            throw entry.error(
                "\(host.name): migrationAddress '\(text)' means 'this machine' to every host: "
                    + "give its address in the network of the migrations", at: "migrationAddress")
        }
        guard LibvirtURI.isLocal(host.uri), host.peerURI == nil || host.migrationAddress == nil
        else { return }
        throw entry.error(
            "\(host.name): '\(host.uri)' means 'this machine' to every host, and the others would "
                + "migrate to themselves: give 'peerURI: qemu+ssh://root@\(host.name)/system' and "
                + "'migrationAddress:' (a name or address of it) beside it", at: "uri")
    }

    private static func host(
        _ table: YAMLTable, _ aliases: LibvirtAliases
    ) throws(PolicyError) -> FleetHost {
        let name = try table.required(table.scalar("name", "a word", text), "name")
        let uri = try table.required(
            table.scalar(
                "uri",
                "a libvirt URI such as qemu+ssh://root@host1/system, or an alias of "
                    + aliases.place
            ) { $0.contains("://") ? $0 : aliases.uris[$0] }, "uri")
        if let fault = LibvirtURI.fault(in: uri) {
            throw table.error("\(name): '\(uri)' is not a URI of a host: \(fault)", at: "uri")
        }
        var host = FleetHost(name: HostName(name), uri: uri)
        host.peerURI = try table.scalar(
            "peerURI",
            "a libvirt URI written out: an alias is known to one machine, and the other hosts read "
                + "this"
        ) { $0.contains("://") ? $0 : nil }
        if let peer = host.peerURI, let fault = LibvirtURI.fault(in: peer) {
            throw table.error(
                "\(name): '\(peer)' is not a URI of a host: \(fault)", at: "peerURI")
        }
        host.migrationAddress = try table.scalar(
            "migrationAddress",
            "an IPv4 or IPv6 address or a host name, without a port or a prefix length (fe80:: "
                + "addresses are unique on their link only)"
        ) { NetworkAddress($0)?.isLinkLocal == false ? $0 : nil }
        let link = try PolicyReader.whole(table, "linkMbps", 1...1_000_000)
        host.linkMbps = link ?? host.linkMbps
        host.isLinkAssumed = link == nil
        host.tlsName = try table.scalar("tlsName", "the name in the host's certificate") {
            NetworkAddress($0) == nil ? nil : $0
        }
        host.zone = try table.scalar("zone", "a word", text).map { ZoneName($0) }
        if let reserve = try table.table("reserve", keys: ["memory", "cpu", "others"]) {
            host.reserve = Reserve(
                memory: try PolicyReader.size(reserve, "memory"),
                cpu: try PolicyReader.cpus(reserve, "cpu"),
                countsOthers: try PolicyReader.countsOthers(reserve))
        }
        return host
    }

    private static func text(_ value: String) -> String? { value.isEmpty ? nil : value }
}
