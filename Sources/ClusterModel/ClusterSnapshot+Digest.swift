extension ClusterSnapshot {
    /// A digest of what a plan relies on: which hosts there are and may be used, which domains,
    /// where, how big and in what state. Load and times are left out: they change with every look.
    package var digest: String {
        var digest = StableDigest()
        for host in hosts {
            digest.add("host")
            digest.add(host.name.rawValue)
            digest.add(host.facts?.uuid ?? "")
            digest.add("\(host.facts?.memory.count ?? -1)")
            digest.add(host.isReachable ? "reachable" : "unreachable")
            digest.add(host.inMaintenance ? "maintenance" : "")
        }
        for domain in domains {
            digest.add("domain")
            digest.add(domain.id.rawValue)
            digest.add(domain.name)
            digest.add(domain.host.rawValue)
            digest.add(domain.facts.state.isActive ? "active" : "inactive")
            digest.add("\(domain.facts.memory.count)")
        }
        return digest.hexadecimal
    }
}
