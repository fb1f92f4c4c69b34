package import ClusterModel

/// One fact in the record of a rolling reboot. As in a run's journal, what is about to be done is
/// committed before it is done.
package enum RebootEvent: Hashable, Codable, Sendable {
    /// A process took it up: at its start, or after a crash or a stop.
    case taken(process: Int32)
    case asked(RebootRequest)
    /// To what share a person agreed that CPUs of hosts may be filled; see `MigrationPlan`.
    case agreed(cpuShare: Int64?)
    /// These hosts are about to be drained, to these alone where that can be, and then rebooted
    /// together.
    case roundBegan([RoundHost], to: [HostName])
    /// A drain or a return began for the round, or for all rounds; stored together with the run.
    case runBegan(RunID, kind: MigrationPlan.Kind)
    /// The hosts of the round that wait for their reboot were seen empty and in maintenance.
    case emptied
    /// Right before its reboot somebody was on the host again: it is to be drained once more.
    case occupied(HostName, guests: [String])
    /// The command is about to be started, or a person is about to be asked, while the host says
    /// this of itself.
    case rebooting(HostName, before: HostBoot)
    /// The command could not be started.
    case notStarted(HostName, reason: String)
    /// The command ended, with the last that it said.
    case commandEnded(HostName, status: Int32, words: String)
    /// A person said that the command is to be run again, although it was started before.
    case again(HostName)
    /// The host has another boot id, answers, and is fit to receive guests.
    case back(HostName, HostBoot)
    /// It is out of maintenance again, or left in the one that it was in before.
    case done(HostName)
    /// `isOpen` where it may still come back, or never: a person must look.
    case failed(HostName, reason: String, isOpen: Bool)
    /// The guests of the round, or of all rounds, are about to be brought back.
    case returned
    case roundEnded
    /// No new round begins, and no host is rebooted any more: a person asked for it.
    case stopping(reason: String)
    case ended(RunOutcome)
}

/// A host at the beginning of its round.
package struct RoundHost: Hashable, Codable, Sendable {
    package var host: HostName
    /// The machine that must come back.
    package var uuid: String
    /// Somebody else keeps it in maintenance, and will when it was rebooted.
    package var isHeld: Bool
    /// What `hosts check` found wrong with it before.
    package var faults: [String]
    /// Networks and pools that were active.
    package var networks: [String]
    package var pools: [String]

    package init(
        host: HostName, uuid: String, isHeld: Bool, faults: [String] = [],
        networks: [String] = [], pools: [String] = []
    ) {
        self.host = host
        self.uuid = uuid
        self.isHeld = isHeld
        self.faults = faults
        self.networks = networks
        self.pools = pools
    }
}

/// What a host says of the boot that it is in.
package struct HostBoot: Hashable, Codable, Sendable {
    package var id: String
    package var libvirt: String?
    package var hypervisor: String?
    package var kernel: String?

    package init(
        id: String, libvirt: String? = nil, hypervisor: String? = nil, kernel: String? = nil
    ) {
        self.id = id
        self.libvirt = libvirt
        self.hypervisor = hypervisor
        self.kernel = kernel
    }

    /// `libvirt 9.0.0 -> 10.0.0`, for each that changed.
    package func changes(to after: HostBoot) -> [String] {
        let pairs = [
            ("libvirt", libvirt, after.libvirt), ("QEMU", hypervisor, after.hypervisor),
            ("kernel", kernel, after.kernel),
        ]
        return pairs.compactMap { name, before, after in
            guard let before, let after, before != after else { return nil }
            return "\(name) \(before) -> \(after)"
        }
    }
}

/// A fact with its place and time.
package struct RebootRecord: Hashable, Codable, Sendable {
    /// The format of `event`; a reader refuses what is newer than itself.
    package static let currentVersion = 1

    package var sequence: Int
    package var at: Timestamp
    package var event: RebootEvent

    package init(sequence: Int, at: Timestamp, event: RebootEvent) {
        self.sequence = sequence
        self.at = at
        self.event = event
    }
}
