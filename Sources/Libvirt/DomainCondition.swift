internal import CLibvirt
import ClusterModel

/// A domain's state and its reason, as libvirt's numbers.
struct DomainCondition: Hashable, Sendable {
    var state: Int32
    var reason: Int32

    func isIn(_ wanted: virDomainState) -> Bool { state == Int32(wanted.rawValue) }

    private func isPaused(_ wanted: virDomainPausedReason) -> Bool {
        isIn(VIR_DOMAIN_PAUSED) && reason == Int32(wanted.rawValue)
    }

    private func isRunning(_ wanted: virDomainRunningReason) -> Bool {
        isIn(VIR_DOMAIN_RUNNING) && reason == Int32(wanted.rawValue)
    }

    /// Paused at the end of a migration (source), or not yet started by it (target).
    var isPausedByMigration: Bool { isPaused(VIR_DOMAIN_PAUSED_MIGRATION) }
    /// A QEMU process that is being started: an incoming one, or simply a new guest.
    var isStartingUp: Bool { isPaused(VIR_DOMAIN_PAUSED_STARTING_UP) }
    /// Its memory is being saved, and it stands still meanwhile.
    var isBeingSaved: Bool { isPaused(VIR_DOMAIN_PAUSED_SAVE) }
    /// Half of the guest's memory is on another host, now or for good.
    var isInPostcopy: Bool {
        isPaused(VIR_DOMAIN_PAUSED_POSTCOPY) || isRunning(VIR_DOMAIN_RUNNING_POSTCOPY)
    }
    var isPostcopyFailed: Bool {
        isPaused(VIR_DOMAIN_PAUSED_POSTCOPY_FAILED)
            || isRunning(VIR_DOMAIN_RUNNING_POSTCOPY_FAILED)
    }

    /// May a call that takes a query job be made without the risk of waiting up to 30 s for it?
    ///
    /// An incoming migration allows no job at all (`qemuMigrationJobStart`, VIR_JOB_NONE) until it
    /// is over, post-copy included; nor does the start of a guest.
    var allowsQueryJobs: Bool {
        !isPausedByMigration && !isStartingUp && !isInPostcopy && !isPostcopyFailed
    }

    var domainState: DomainState {
        switch virDomainState(UInt32(bitPattern: state)) {
        case VIR_DOMAIN_RUNNING: .running
        case VIR_DOMAIN_BLOCKED: .blocked
        case VIR_DOMAIN_PAUSED: .paused
        case VIR_DOMAIN_SHUTDOWN: .shuttingDown
        case VIR_DOMAIN_SHUTOFF: .shutOff
        case VIR_DOMAIN_CRASHED: .crashed
        case VIR_DOMAIN_PMSUSPENDED: .suspended
        default: .unknown
        }
    }

    /// How the domain counts when it is asked who owns it.
    ///
    /// RUNNING with reason POSTCOPY_FAILED is a post-copy failure and not `running`: half of its
    /// memory is still on the source, and only the resumed migration brings it over.
    func presence(isActive: Bool) -> DomainSighting.Presence {
        if isPostcopyFailed { return .postcopyFailed }
        if isPausedByMigration || isStartingUp || isPaused(VIR_DOMAIN_PAUSED_POSTCOPY) {
            return .pausedByMigration
        }
        switch domainState {
        case .running, .blocked, .shuttingDown: return .running
        case .paused, .suspended: return .paused
        case .shutOff: return .inactive
        // The QEMU process of a crashed guest may have been kept (on_crash=preserve).
        case .crashed: return isActive ? .paused : .inactive
        case .unknown: return .unknown
        }
    }

    /// Why it does not run. `failed` tells of a start that failed and hides what was before it, and
    /// `daemon` of a libvirtd that found no QEMU when it was started.
    var cause: DomainSighting.Cause {
        switch domainState {
        case .shutOff: return Self.causesOff[reason] ?? .unknown
        case .paused: return Self.causesPaused[reason] ?? .unknown
        case .suspended: return .intent
        case .crashed: return .fault
        case .running, .blocked, .shuttingDown, .unknown: return .unknown
        }
    }

    private static let causesOff: [Int32: DomainSighting.Cause] = [
        Int32(VIR_DOMAIN_SHUTOFF_SHUTDOWN.rawValue): .intent,
        Int32(VIR_DOMAIN_SHUTOFF_DESTROYED.rawValue): .intent,
        Int32(VIR_DOMAIN_SHUTOFF_SAVED.rawValue): .intent,
        Int32(VIR_DOMAIN_SHUTOFF_CRASHED.rawValue): .fault,
        Int32(VIR_DOMAIN_SHUTOFF_MIGRATED.rawValue): .left,
    ]

    private static let causesPaused: [Int32: DomainSighting.Cause] = [
        Int32(VIR_DOMAIN_PAUSED_USER.rawValue): .intent,
        Int32(VIR_DOMAIN_PAUSED_SAVE.rawValue): .intent,
        Int32(VIR_DOMAIN_PAUSED_DUMP.rawValue): .intent,
        Int32(VIR_DOMAIN_PAUSED_SNAPSHOT.rawValue): .intent,
        Int32(VIR_DOMAIN_PAUSED_FROM_SNAPSHOT.rawValue): .intent,
        Int32(VIR_DOMAIN_PAUSED_IOERROR.rawValue): .fault,
        Int32(VIR_DOMAIN_PAUSED_WATCHDOG.rawValue): .fault,
        Int32(VIR_DOMAIN_PAUSED_CRASHED.rawValue): .fault,
        // VIR_DOMAIN_PAUSED_API_ERROR, which older headers do not have.
        14: .fault,
    ]

    /// In libvirt's words, for people.
    var words: String {
        let name = domainState == .unknown ? "state \(state)" : domainState.rawValue
        guard let reason = Self.reasons[domainState]?[safe: Int(reason)] else {
            return "\(name), reason \(self.reason)"
        }
        return reason == "unknown" ? name : "\(name), \(reason)"
    }

    /// In the order of virDomainRunningReason, virDomainPausedReason and virDomainShutoffReason.
    private static let reasons: [DomainState: [String]] = [
        .running: [
            "unknown", "booted", "migrated", "restored", "from domain snapshot", "unpaused",
            "migration cancelled", "save cancelled", "woken up", "crashed", "post-copy",
            "post-copy failed",
        ],
        .paused: [
            "unknown", "by a person", "migration", "save", "dump", "I/O error", "watchdog",
            "from domain snapshot", "shutting down", "domain snapshot", "crashed", "starting up",
            "post-copy", "post-copy failed", "API error",
        ],
        .shutOff: [
            "unknown", "shut down", "destroyed", "crashed", "migrated", "saved", "failed",
            "from domain snapshot", "daemon",
        ],
    ]
}

extension Array {
    /// nil where there is no such index.
    subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
