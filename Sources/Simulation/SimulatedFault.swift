package import ClusterModel

/// Something that goes wrong in the simulated world, by nature or by another person's hand.
package enum SimulatedFault: Hashable, Codable, Sendable {
    /// libvirtd of the host restarts; its guests go on.
    case daemonRestart(HostName, silentMilliseconds: Int64)
    /// The host loses its power for good, and its guests with it.
    case hostLoss(HostName)
    /// The host loses its power and comes back: its guests are gone, those that start with their
    /// host start, wherever else they may run by now.
    case hostReboot(HostName, downMilliseconds: Int64)
    /// The same, and what was in its page cache alone is gone.
    case powerCut(HostName, downMilliseconds: Int64)
    /// The migration network of the host carries nothing for a while.
    case linkLoss(HostName, milliseconds: Int64)
    case slowLink(HostName, mbps: Int)
    /// We cannot reach the host for a while; the other hosts can.
    case connectionLoss(HostName, milliseconds: Int64)
    /// Our name for the host leads to another machine for a while.
    case anotherMachine(HostName, milliseconds: Int64)
    /// Another controller begins a run on the host, if it may, and is killed after a while.
    case anotherController(HostName, milliseconds: Int64)
    /// Somebody backs the domain up: no migration begins meanwhile.
    case backup(DomainID, milliseconds: Int64)
    /// The other hosts' daemons cannot reach the host's for a while; we can.
    case peerLoss(HostName, milliseconds: Int64)
    /// The domain's QEMU does not answer its monitor for a while, and its migration stands still.
    case stuckMonitor(DomainID, milliseconds: Int64)
    /// The source never hears that Finish went well, and resumes its copy: split brain.
    case lostFinish(DomainID)
    /// Confirm fails: the API reports success and the source keeps its paused copy.
    case lostConfirm(DomainID)
    /// The source's process ends and its definition stays.
    case lostUndefine(DomainID)
    /// The target's libvirtd is killed within Finish: it has taken the definition and not noted
    /// that the guest runs, so that it ends it when it is started again. The source resumes its
    /// own.
    case killedInFinish(DomainID)
    /// Post-copy loses its link: half of the memory is on each host.
    case postcopyBreak(DomainID)
    case guestShutDown(DomainID)
    /// A person starts a domain that is shut down, where it is defined.
    case guestStarted(DomainID)
    case guestPaused(DomainID)
    /// A person wakes a copy that is paused, whatever paused it.
    case guestResumed(DomainID)
    /// The guest rewrites its memory at another rate than was sampled.
    case guestBusy(DomainID, dirtyRate: Bytes)
    /// Another tool migrates it.
    case movedByAnother(DomainID, to: HostName)
    /// Another tool migrates it and forgets its definition, which stays on the source alone
    /// (`virsh migrate` without `--persistent` and `--undefinesource`).
    case movedCarelessly(DomainID, to: HostName)
    /// Somebody else aborts its migration (`virsh domjobabort`).
    case abortedByAnother(DomainID)
    /// A person puts the host in maintenance: nothing may be sent there any more.
    case hostDisabled(HostName)
    /// Asked to shut down, the guest takes this long.
    case guestLate(DomainID, milliseconds: Int64)
    /// Asked to shut down, the guest does not.
    case guestDeaf(DomainID)
    /// It does not start on this host, whoever starts it.
    case startFails(DomainID, on: HostName)
    /// Somebody puts a file there, if nothing lies there.
    case foreignFile(HostName, path: String)

    /// Another tool starts a migration.
    var isMove: Bool {
        switch self {
        case .movedByAnother, .movedCarelessly: true
        case .daemonRestart, .hostLoss, .hostReboot, .linkLoss, .slowLink, .connectionLoss,
            .peerLoss, .stuckMonitor, .lostFinish, .lostConfirm, .lostUndefine, .killedInFinish,
            .postcopyBreak, .guestShutDown, .guestStarted, .guestPaused, .guestResumed, .guestBusy,
            .abortedByAnother, .hostDisabled, .powerCut, .guestLate, .guestDeaf, .startFails,
            .foreignFile, .anotherMachine, .anotherController, .backup:
            false
        }
    }
}

/// A fault and what sets it off.
package struct ScheduledFault: Hashable, Codable, Sendable {
    package enum Trigger: Hashable, Codable, Sendable {
        case at(Timestamp)
        /// A migration of this domain enters this phase.
        case phase(DomainID, SimulatedMigration.Phase)
        /// A migration of this domain is over, however it ended.
        case ended(DomainID)
        /// The guest was asked to shut down by us; it is down for that; an image of it is being
        /// copied.
        case asked(DomainID)
        case down(DomainID)
        case copying(DomainID)
    }

    package var trigger: Trigger
    package var fault: SimulatedFault

    package init(_ trigger: Trigger, _ fault: SimulatedFault) {
        self.trigger = trigger
        self.fault = fault
    }
}

/// What a fault did to a domain, so that nobody blames us for it.
package struct DomainOutcome: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable {
        case splitBrain = "split-brain"
        case lostWithHost = "lost-with-host"
        case cutInTwo = "cut-in-two"
        case shutDown = "shut-down"
        case movedByAnother = "moved-by-another"
        case pausedByPerson = "paused-by-person"
        /// Somebody else started it where its data are not the newest.
        case startedFromOldData = "started-from-old-data"
    }

    package var domain: DomainID
    package var kind: Kind

    package init(domain: DomainID, kind: Kind) {
        self.domain = domain
        self.kind = kind
    }
}
