import ClusterModel

/// Numbers for people.
enum Format {
    /// `4.2 s`, `3 min 20 s`, `10 min`, `2 h 5 min`.
    static func duration(milliseconds: Int64) -> String {
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

    /// `[######----]  62 %`.
    static func bar(_ fraction: Double, width: Int = 10) -> String {
        let clamped = fraction.isNaN ? 0 : min(1, max(0, fraction))
        let full = Int((clamped * Double(width)).rounded())
        return "[" + String(repeating: "#", count: full)
            + String(repeating: "-", count: width - full) + "]"
    }

    static func percent(_ fraction: Double?) -> String {
        fraction.map { "\(number(($0 * 100).rounded())) %" } ?? "?"
    }

    /// `3`, `4.5`: a whole number without a fraction, however large; `?` for what is no number.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "?" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    /// A word of a shell command, quoted where it must be.
    static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.allSatisfy {
                $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:@%+=,".contains($0))
            }
        return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    static func plural(_ count: Int, _ word: String) -> String {
        "\(count) \(word)\(count == 1 ? "" : "s")"
    }

    /// The same text with what would steer a terminal or turn its writing direction made visible.
    static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isSteering) else { return text }
        return text.unicodeScalars.reduce(into: "") { shown, scalar in
            if isSteering(scalar) {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
    }

    private static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A: false
        case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// Breaks between words where a width is given; further lines are indented by `indent` blanks.
    static func wrapped(_ text: String, indent: Int, width: Int?) -> String {
        guard let width, columns(text) > width else { return text }
        let blanks = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = String(text.prefix { $0 == " " })
        for word in text.split(separator: " ") {
            let isEmpty = line.allSatisfy { $0 == " " }
            if !isEmpty, columns(line) + 1 + columns(String(word)) > width {
                lines.append(line)
                line = blanks + word
            } else {
                line += (isEmpty ? "" : " ") + word
            }
        }
        return (lines + [line]).joined(separator: "\n")
    }

    /// `12 s ago`; a clock that went back gives `in the future`.
    static func age(of time: Timestamp?, at now: Timestamp) -> String {
        guard let time else { return "never" }
        let age = now.millisecondsSince(time)
        return age < 0 ? "in the future" : "\(duration(milliseconds: age)) ago"
    }
}
