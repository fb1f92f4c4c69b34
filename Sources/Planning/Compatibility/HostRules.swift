import ClusterModel
import PlacementPolicy

/// The policy's fences and bans, and libvirt's own rule on names.
enum HostRules {
    /// For a host that has another domain of this name.
    static func namesake(_ domain: String) -> Misfit {
        Misfit(
            reason: .sameName, detail: "it has another domain '\(domain)'",
            remedy: "rename one of them when it is shut off (virsh domrename), or undefine it "
                + "(virsh undefine)")
    }

    static func misfit(_ domain: String, on host: HostName, _ policy: Policy) -> Misfit? {
        for rule in policy.ban
        where rule.domains.matches(domain) && rule.hosts.matches(host.rawValue) {
            return Misfit(
                reason: .ban, detail: "the policy bans it from there",
                remedy: "change 'ban' in the policy")
        }
        for rule in policy.fence
        where rule.domains.matches(domain) && !rule.hosts.matches(host.rawValue) {
            let names = rule.hosts.map(\.text).joined(separator: ", ")
            return Misfit(
                reason: .ban, detail: "the policy fences it in on \(names)",
                remedy: "change 'fence' in the policy")
        }
        return nil
    }
}
