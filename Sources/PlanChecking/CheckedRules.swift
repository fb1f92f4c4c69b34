import ClusterModel
import PlacementPolicy

/// The policy's bans and fences, asked about many domains.
struct CheckedRules {
    private let bans: [HostRule]
    private let fences: [HostRule]
    private let banned: CheckedNames
    private let fenced: CheckedNames

    init(_ policy: Policy) {
        bans = policy.ban
        fences = policy.fence
        banned = CheckedNames(policy.ban.map(\.domains))
        fenced = CheckedNames(policy.fence.map(\.domains))
    }

    /// Is a domain of this name banned from the host, or fenced in elsewhere?
    func forbid(_ domain: String, on host: HostName) -> Bool {
        banned.lists(holding: domain).contains { bans[$0].hosts.matches(host.rawValue) }
            || fenced.lists(holding: domain).contains { !fences[$0].hosts.matches(host.rawValue) }
    }
}
