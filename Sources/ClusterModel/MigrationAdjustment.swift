/// What can be changed of a migration while it runs.
package enum MigrationAdjustment: Hashable, Codable, Sendable {
    /// The pause at its end may be this long.
    case allowDowntime(milliseconds: Int64)
    /// It may use this much of the link, in MiB/s.
    case allowBandwidth(mebibytesPerSecond: Int)
    /// The guest goes over now and its memory follows. There is no way back.
    case startPostcopy
    /// The guest stands still until what is left has been sent; it runs on the target again.
    case suspendGuest
}

extension MigrationAdjustment: CustomStringConvertible {
    package var description: String {
        switch self {
        case .allowDowntime(let milliseconds): "a downtime of up to \(milliseconds) ms is allowed"
        case .allowBandwidth(let speed): "up to \(speed) MiB/s are allowed"
        case .startPostcopy: "it is switched to post-copy"
        case .suspendGuest: "the guest is paused until the migration has ended"
        }
    }
}
