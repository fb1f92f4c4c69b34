/// Text that others wrote (names, attributes, messages of daemons), as it may be shown, logged or
/// stored: it steers no terminal, fakes no line and fills no disk. Identities are never changed:
/// only how they are shown.
package enum OutsideText {
    /// The same text with all that would steer a terminal, turn its writing direction or hide in it
    /// made visible. Line ends stay: for documents whose lines are ours.
    package static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isSteering) else { return text }
        return text.unicodeScalars.reduce(into: "") { shown, scalar in
            if isSteering(scalar) {
                shown += escape(scalar)
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
    }

    /// A name or a sentence on one line, whatever it holds.
    package static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains("\n") else { return visible(text) }
        return visible(text).replacing("\n", with: escape("\n"))
    }

    /// A list of sentences, each on a line of its list.
    package static func lines(_ sentences: some Sequence<String>) -> String {
        sentences.map { "\n  " + oneLine($0) }.joined()
    }

    /// The most that is kept of a reason, in bytes of UTF-8.
    package static let longestReason = 1024

    /// What a daemon said of a failure: one line of at most 1 KiB. Its own line ends become
    /// slashes, because QEMU's messages have many.
    package static func reason(_ text: String) -> String {
        guard text.contains(where: \.isNewline) else { return cut(oneLine(text)) }
        let parts = text.split { $0.isNewline }.map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        return cut(oneLine(parts.filter { !$0.isEmpty }.joined(separator: " / ")))
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > longestReason else { return text }
        let mark = "…"
        var kept = ""
        var room = longestReason - mark.utf8.count
        for scalar in text.unicodeScalars {
            room -= UTF8.width(scalar)
            guard room >= 0 else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + mark
    }

    /// JSON text with the same meaning, in which nothing steers whoever prints it.
    package static func json(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isSteering) else { return text }
        return text.unicodeScalars.reduce(into: "") { shown, scalar in
            if isSteering(scalar) {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    shown += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        "\\u{\(String(scalar.value, radix: 16))}"
    }

    /// Control characters of both sets but for the line feed, all that turns the writing direction
    /// or ends a line elsewhere, and all that takes no room and joins nothing.
    private static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A: false
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200B, 0x200E...0x200F, 0x2028...0x202E,
            0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F:
            true
        default: false
        }
    }
}

extension UTF8 {
    fileprivate static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case ..<0x80: 1
        case ..<0x800: 2
        case ..<0x10000: 3
        default: 4
        }
    }
}
