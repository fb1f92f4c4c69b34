/// How the hosts of a fleet are rebooted in turn.
package struct RebootRules: Hashable, Sendable {
    /// Hosts that are down together at most; nil leaves it to what the others can carry.
    package var hostsPerRound: Int?
    /// Do the domains return after each round? If not they stay where they were brought, and
    /// the next round starts from there.
    /// nil where the policy does not say: a plan then brings them back, and `reboot` does not,
    /// since that takes fewer moves.
    package var bringBack: Bool?

    package var bringsBack: Bool { bringBack ?? true }

    package init() {}
}
