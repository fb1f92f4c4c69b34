import ClusterModel

/// Numbers for people.
enum Format {
    /// `4.2 s`, `3 min 20 s`, `2 h 5 min`.
    static func duration(milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        switch seconds {
        case ..<60: return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
        case ..<3600: return "\(seconds / 60) min \(seconds % 60) s"
        default: return "\(seconds / 3600) h \(seconds / 60 % 60) min"
        }
    }

    /// `[######----]  62 %`.
    static func bar(_ fraction: Double, width: Int = 10) -> String {
        let clamped = min(1, max(0, fraction))
        let full = Int((clamped * Double(width)).rounded())
        return "[" + String(repeating: "#", count: full)
            + String(repeating: "-", count: width - full) + "]"
    }

    static func percent(_ fraction: Double?) -> String {
        fraction.map { "\(Int(($0 * 100).rounded())) %" } ?? "?"
    }

    static func plural(_ count: Int, _ word: String) -> String {
        "\(count) \(word)\(count == 1 ? "" : "s")"
    }

    /// `12 s ago`; a clock that went back gives `in the future`.
    static func age(of time: Timestamp?, at now: Timestamp) -> String {
        guard let time else { return "never" }
        let age = now.millisecondsSince(time)
        return age < 0 ? "in the future" : "\(duration(milliseconds: age)) ago"
    }
}
