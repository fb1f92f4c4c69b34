import ClusterModel
import PlacementPolicy

/// A moment on the command line: `2026-11-21T10:00:00Z`, `2026-11-21`, or `7d` for so long ago.
enum HistoryTime {
    static func read(_ text: String, _ option: String, now: Timestamp) throws -> Timestamp {
        if let time = Timestamp(text) ?? Timestamp("\(text)T00:00:00Z") { return time }
        if let seconds = Quantity.seconds(text) {
            return now.advanced(byMilliseconds: -seconds * 1000)
        }
        throw CommandError(
            "\(option) '\(text)' is neither a date such as 2026-11-21T10:00:00Z or 2026-11-21, nor "
                + "a time ago such as 7d")
    }
}
