import ClusterModel
package import Operations

/// How much room text takes on a terminal.
extension Format {
    /// Columns of a terminal that the text takes: two for wide letters (CJK), none for marks that
    /// stand above others. Linear in the text.
    package static func columns(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { $0 + columns($1) }
    }

    /// No more than this many columns of it; an ellipsis shows a cut.
    package static func cut(_ text: String, to most: Int) -> String {
        guard columns(text) > most else { return text }
        guard most > 1 else { return most == 1 ? "…" : "" }
        var shown = ""
        var used = 0
        for character in text {
            let own = character.unicodeScalars.reduce(0) { $0 + columns($1) }
            guard used + own < most else { break }
            shown.append(character)
            used += own
        }
        return shown + "…"
    }

    /// A name or a sentence on one line, whatever it holds.
    package static func oneLine(_ text: String) -> String { OutsideText.oneLine(text) }

    private static func columns(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return wide.contains { $0.contains(scalar.value) } ? 2 : 1
        }
    }

    /// Unicode's East Asian Width, classes W and F, in whole blocks.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
        0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]
}
