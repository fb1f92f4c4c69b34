package import ClusterModel
package import HypervisorInterface

/// A migration under way in the simulated world, in libvirt's protocol of five phases.
///
/// Begin takes no time. What is stored is its state at the last change of its speed, so that the
/// state at any later moment is a function of the clock: it goes on while no process of ours lives.
package struct SimulatedMigration: Hashable, Codable, Sendable {
    /// Where the protocol stands (libvirt's Begin, Prepare, Perform, Finish, Confirm).
    package enum Phase: String, Hashable, Codable, Sendable, CaseIterable {
        /// The target starts an empty process.
        case prepare
        /// Memory is copied while the guest runs on the source.
        case perform
        /// The guest runs on the target while the rest of its memory follows.
        case postcopy
        /// Post-copy lost its link: the source has noticed, and the target will soon.
        case postcopyCut = "postcopy-cut"
        /// The guest is paused on the source, the last of it goes over; Finish has not begun.
        case switchOver = "switch-over"
        /// Finish is done, the guest runs on the target; the source still has its paused copy.
        case confirm
    }

    package var id: Int
    package var domain: DomainID
    package var source: HostName
    package var target: HostName
    /// It moves the definition and removes it from the source.
    package var isPersistent: Bool
    package var mode: Step.Mode
    /// Disks that are mirrored, in mode `storage`.
    package var copies: [String]?
    /// Networks that are called otherwise on the target, for a definition that goes alone.
    package var interfaces: [String: String]?
    /// The source keeps its definition of a domain that is off.
    package var keepsDefinition: Bool?
    /// We drive it, phase by phase, and not the source's daemon.
    package var isManaged = false
    /// It may go on in post-copy; and does after its first pass, as our actuator asks for.
    package var allowsPostcopy = false
    package var switchesAfterFirstPass = false
    /// What it may use of the link, in MiB/s.
    package var bandwidth: Int?
    /// The pause that is allowed at its end; nil for QEMU's default.
    package var downtimeLimitMilliseconds: Int64?
    /// QEMU slows the guest down when more than half of what is sent was rewritten meanwhile,
    /// twice.
    package var autoConverges = false
    package var throttlePercent = 0
    package var busyPasses = 0
    /// The guest was stopped so that it ends.
    package var suspendedAt: Timestamp?
    /// Its caller has had an error already, and the daemons carry on.
    package var isUnattended = false
    /// A person had paused the guest before it began.
    package var wasPaused: Bool
    /// The guest is to stay paused on the target.
    package var leavesPaused: Bool
    package var startedAt: Timestamp
    package var phase = Phase.prepare
    /// When the phase began, or its speed changed last.
    package var since: Timestamp
    /// When the phase ends; nil while it is copying.
    package var until: Timestamp?
    /// Since when the link carries nothing.
    package var stalledSince: Timestamp?
    /// Before this the monitor of its guest does not answer, and nothing goes on.
    package var stuckUntil: Timestamp?
    /// When the daemons will notice that they lost each other.
    package var severedAt: Timestamp?
    package var total: Bytes
    /// What this iteration has still to send, and what the guest rewrote since it began.
    package var remaining: Bytes
    package var dirtied: Bytes = .zero
    package var dirtyRate: Bytes
    /// The most that the guest rewrites; nil for all of its memory.
    package var hotSet: Bytes?
    package var transferred: Bytes = .zero
    /// Bytes a second.
    package var rate: Bytes = .zero
    package var iteration = 1
    package var downtimeMilliseconds: Int64 = 0
    /// Replies that will not arrive.
    package var losesFinish = false
    package var losesConfirm = false
    package var losesUndefine = false
    package var isKilledInFinish = false

    /// In post-copy, whole or cut: the guest is the target's, and a part of its memory the
    /// source's.
    var isPastSwitchOver: Bool { phase == .postcopy || phase == .postcopyCut }

    /// It copies memory.
    var isCopying: Bool { phase == .perform || phase == .postcopy }

    /// What it will have sent of this iteration by then.
    func sent(at time: Timestamp) -> Bytes {
        guard isCopying else { return .zero }
        let elapsed = max(0, time.millisecondsSince(since))
        return min(remaining, Bytes(Self.product(rate.count, elapsed) / 1000))
    }

    /// What the guest will have rewritten by then: never more than all of its memory.
    func dirtied(at time: Timestamp) -> Bytes {
        guard phase == .perform else { return dirtied }
        let elapsed = max(0, time.millisecondsSince(since))
        let rate = suspendedAt == nil ? dirtyRate.count * Int64(100 - throttlePercent) / 100 : 0
        return min(hotSet ?? total, dirtied + Bytes(Self.product(rate, elapsed) / 1000))
    }

    /// When this iteration has sent everything; nil while nothing moves.
    var iterationEnd: Timestamp? {
        guard isCopying, rate.count > 0 else { return nil }
        let milliseconds = (Self.product(remaining.count, 1000) + rate.count - 1) / rate.count
        return since.advanced(byMilliseconds: milliseconds)
    }

    /// Brings the figures up to this moment.
    mutating func settle(at time: Timestamp) {
        guard isCopying else { return }
        let sent = sent(at: time)
        dirtied = dirtied(at: time)
        remaining -= sent
        transferred += sent
        since = time
    }

    /// Too large for 64 bits means forever, here.
    private static func product(_ left: Int64, _ right: Int64) -> Int64 {
        let (value, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? Int64.max / 2 : value
    }
}

/// A migration that is over, for whoever asks how it ended.
package struct EndedMigration: Hashable, Codable, Sendable {
    package var id: Int
    package var domain: DomainID
    package var endedAt: Timestamp
    package var statistics: MigrationStatistics?
    /// nil when libvirt would report success.
    package var failure: Failure?

    /// How libvirt would report it.
    package struct Failure: Hashable, Codable, Sendable {
        package var kind: HypervisorError.Kind
        package var code: Int
        package var message: String
    }
}
