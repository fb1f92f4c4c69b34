extension MigrationOptions {
    /// What is done with a migration that does not come to its end by itself.
    package enum WhenStuck: String, Hashable, Codable, Sendable, CaseIterable {
        /// Stop it; the domain stays, and another is chosen where the goal allows.
        case abort
        /// Let it go on until its time limit.
        case wait
        /// Switch over, and send what is left while the guest runs on the target.
        case postcopy = "post-copy"
        /// Stop the guest until what is left has been sent.
        case suspend
    }

    /// QEMU's default: what is left is sent when it takes no longer than this.
    package static let firstDowntimeMilliseconds: Int64 = 300

    /// The longest pause that may be allowed; vdsm's, where the policy says nothing.
    package var longestDowntimeMilliseconds: Int64 {
        max(maxDowntimeMilliseconds ?? 500, 1)
    }

    package var stuckRule: WhenStuck { whenStuck ?? .abort }

    /// Must libvirt know at the start that the migration may end in post-copy?
    package var mayEndInPostcopy: Bool { postcopy || whenStuck == .postcopy }

    /// Bytes a second that it may use in the end; nil for no limit.
    package var widestBandwidth: Int? {
        bandwidth.map { max($0, maxBandwidth ?? $0) }
    }
}
