import Operations

/// Over which time hosts were looked at, in words.
package enum ObservationText {
    package static func text(_ seconds: Int64?) -> String {
        seconds.map { "mean of the last \(Format.duration(milliseconds: $0 * 1000))" }
            ?? "newest figures"
    }
}
