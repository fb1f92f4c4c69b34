/// Where a guest that does not run yet can be started: the hosts that have room for it, the best
/// first, and what stands against each of the others.
package struct GuestPlacement: Hashable, Sendable {
    package struct Choice: Hashable, Sendable {
        package var host: HostName
        /// How full the host is with the guest on it: hundredths of a percent of what it may give,
        /// for CPU in its fullest time slot.
        package var memoryShare: Int64
        package var cpuShare: Int64
        /// Its memory does not fit in one NUMA cell there.
        package var isSplit: Bool

        package init(host: HostName, memoryShare: Int64, cpuShare: Int64, isSplit: Bool) {
            self.host = host
            self.memoryShare = memoryShare
            self.cpuShare = cpuShare
            self.isSplit = isSplit
        }

        /// The fuller of the two.
        package var share: Int64 { max(memoryShare, cpuShare) }
    }

    /// The guest as it would run.
    package var guest: DomainFacts
    package var choices: [Choice]
    /// One for each other host, in the order of their names.
    package var blockers: [Blocker]

    package init(guest: DomainFacts, choices: [Choice], blockers: [Blocker]) {
        self.guest = guest
        self.choices = choices
        self.blockers = blockers
    }
}
