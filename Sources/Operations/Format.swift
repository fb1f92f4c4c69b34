import Foundation

/// Numbers and words in sentences for people.
package enum Format {
    /// `4.2 s`, `3 min 20 s`, `10 min`, `2 h 5 min`.
    package static func duration(milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        switch seconds {
        case ..<60: return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
        case ..<3600:
            return "\(seconds / 60) min" + (seconds % 60 == 0 ? "" : " \(seconds % 60) s")
        default:
            return "\(seconds / 3600) h"
                + (seconds / 60 % 60 == 0 ? "" : " \(seconds / 60 % 60) min")
        }
    }

    package static func plural(_ count: Int, _ word: String) -> String {
        "\(count) \(word)\(count == 1 ? "" : "s")"
    }

    /// `12.3`: with as many places as asked for, and no more than a person reads.
    package static func decimal(_ value: Double, _ places: Int) -> String {
        String(format: "%.\(places)f", value)
    }
}
