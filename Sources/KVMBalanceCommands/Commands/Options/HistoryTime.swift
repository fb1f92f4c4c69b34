import ClusterModel
import Operations
import PlacementPolicy

/// A moment on the command line: `2026-11-21T10:00:00Z`, `2026-11-21`, or `7d` for this long ago.
enum HistoryTime {
    /// From `--since` to `--until`, or to now.
    static func span(
        since: String, until: String?, now: Timestamp
    ) throws -> (start: Timestamp, end: Timestamp) {
        let start = try read(since, "--since", now: now)
        let end = try until.map { try read($0, "--until", now: now) } ?? now
        guard start < end else { throw CommandError("--since is not before --until") }
        return (start, end)
    }

    static func read(_ text: String, _ option: String, now: Timestamp) throws -> Timestamp {
        if let time = Timestamp(text) ?? Timestamp("\(text)T00:00:00Z") { return time }
        if let seconds = Quantity.seconds(text) {
            return now.advanced(byMilliseconds: -seconds * 1000)
        }
        throw CommandError(
            "\(option) '\(text)' is neither a date such as 2026-11-21T10:00:00Z or 2026-11-21, nor "
                + "a time ago such as 7d, of 36525d at most")
    }
}
