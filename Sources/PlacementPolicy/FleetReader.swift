import ClusterModel

/// Reads the fleet file from YAML: everything it does not know is an error with line and column.
package enum FleetReader {
    static let keys = [
        "hosts", "database", "policy", "sharedStorage", "retention", "connectTimeout",
    ]
    static let hostKeys = [
        "name", "uri", "peerURI", "migrationAddress", "linkMbps", "zone", "reserve",
    ]

    package static func read(_ yaml: String) throws(PolicyError) -> Fleet {
        guard let document = try PolicyReader.compose(yaml) else {
            throw PolicyError("the file is empty: list at least one host under 'hosts:'")
        }
        let table = try YAMLTable(document, path: "", keys: keys)
        var fleet = Fleet(hosts: try hosts(table))
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

    private static func hosts(_ table: YAMLTable) throws(PolicyError) -> [FleetHost] {
        var hosts: [FleetHost] = []
        for entry in try table.tables("hosts", keys: hostKeys) {
            let host = try self.host(entry)
            if let twin = hosts.first(where: { $0.name == host.name || $0.uri == host.uri }) {
                let what = twin.name == host.name ? "name '\(host.name)'" : "uri '\(host.uri)'"
                throw entry.error("two hosts have the \(what)", at: "name")
            }
            try refuseSharedAddress(of: host, hosts, entry)
            hosts.append(host)
        }
        guard !hosts.isEmpty else {
            throw PolicyError(
                "no hosts: add for each 'hosts: [{name: host1, uri: qemu+ssh://root@host1/system}]'"
            )
        }
        return hosts
    }

    /// Every migration to one of them would go to the other.
    private static func refuseSharedAddress(
        of host: FleetHost, _ others: [FleetHost], _ entry: YAMLTable
    ) throws(PolicyError) {
        guard let text = host.migrationAddress, let address = NetworkAddress(text) else { return }
        let twin = others.first { other in
            other.migrationAddress.flatMap { NetworkAddress($0) } == address
        }
        if let twin {
            throw entry.error(
                "\(twin.name) and \(host.name) have the same migrationAddress '\(text)': give each "
                    + "host its own", at: "migrationAddress")
        }
    }

    private static func host(_ table: YAMLTable) throws(PolicyError) -> FleetHost {
        let name = try table.required(table.scalar("name", "a word", text), "name")
        let uri = try table.required(
            table.scalar("uri", "a libvirt URI such as qemu+ssh://root@host1/system") {
                $0.contains("://") ? $0 : nil
            }, "uri")
        var host = FleetHost(name: HostName(name), uri: uri)
        host.peerURI = try table.scalar("peerURI", "a libvirt URI", text)
        host.migrationAddress = try table.scalar(
            "migrationAddress",
            "an IPv4 or IPv6 address or a host name, without a port or a prefix length"
        ) { NetworkAddress($0) == nil ? nil : $0 }
        let link = try PolicyReader.whole(table, "linkMbps", 1...1_000_000)
        host.linkMbps = link ?? host.linkMbps
        host.isLinkAssumed = link == nil
        host.zone = try table.scalar("zone", "a word", text).map { ZoneName($0) }
        if let reserve = try table.table("reserve", keys: ["memory", "cpu"]) {
            host.reserve = Reserve(
                memory: try PolicyReader.size(reserve, "memory"),
                cpu: try PolicyReader.cpus(reserve, "cpu"))
        }
        return host
    }

    private static func text(_ value: String) -> String? { value.isEmpty ? nil : value }
}
