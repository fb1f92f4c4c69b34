package import ClusterModel
package import Operations

/// Numbers and words on a terminal.
extension Format {
    /// `[######----]  62 %`.
    package static func bar(_ fraction: Double, width: Int = 10) -> String {
        let clamped = fraction.isNaN ? 0 : min(1, max(0, fraction))
        let full = Int((clamped * Double(width)).rounded())
        return "[" + String(repeating: "#", count: full)
            + String(repeating: "-", count: width - full) + "]"
    }

    package static func percent(_ fraction: Double?) -> String {
        fraction.map { "\(number(($0 * 100).rounded())) %" } ?? "?"
    }

    /// `3`, `4.5`: a whole number without a fraction, however large; `?` for what is no number.
    package static func number(_ value: Double) -> String {
        guard value.isFinite else { return "?" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    package static func visible(_ text: String) -> String { OutsideText.visible(text) }

    /// Breaks between words where a width is given; further lines are indented by `indent` blanks.
    /// It is one line before: what others wrote in it ends none.
    package static func wrapped(_ given: String, indent: Int, width: Int?) -> String {
        let text = oneLine(given)
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
    package static func age(of time: Timestamp?, at now: Timestamp) -> String {
        guard let time else { return "never" }
        let age = now.millisecondsSince(time)
        return age < 0 ? "in the future" : "\(duration(milliseconds: age)) ago"
    }
}
