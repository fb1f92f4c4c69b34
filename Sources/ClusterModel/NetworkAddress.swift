/// An address as people write it into files and XML: a name, or a literal of IPv4 or IPv6, with
/// brackets around the latter or without. Equal values lead to the same machine.
package enum NetworkAddress: Hashable, Sendable {
    case name(String)
    case ipv4([UInt8])
    case ipv6([UInt16])

    /// nil for what is none of them: `10.10.10`, `10.10.10.1/24`, `host1:49152`.
    package init?(_ text: String) {
        if text.hasPrefix("["), text.hasSuffix("]") {
            guard let words = Self.words(text.dropFirst().dropLast()) else { return nil }
            self = .ipv6(words)
        } else if text.contains(":") {
            guard let words = Self.words(text[...]) else { return nil }
            self = .ipv6(words)
        } else if text.utf8.allSatisfy({ Self.isDigit($0) || $0 == UInt8(ascii: ".") }) {
            guard let bytes = Self.bytes(text[...]) else { return nil }
            self = .ipv4(bytes)
        } else {
            guard Self.isName(text) else { return nil }
            self = .name(text.lowercased())
        }
    }

    /// Does it mean the machine itself, on every machine?
    package var isLoopback: Bool {
        switch self {
        case .name(let name):
            Self.ownNames.contains(name) || name.hasPrefix("localhost.")
                || name.hasSuffix(".localhost")
        case .ipv4(let bytes): bytes.first == 127 || bytes == [0, 0, 0, 0]
        case .ipv6(let words):
            words.dropLast() == [0, 0, 0, 0, 0, 0, 0] && words[7] < 2
                || words.prefix(6) == [0, 0, 0, 0, 0, 0xffff] && words[6] >> 8 == 127
        }
    }

    private static let ownNames: Set<String> = [
        "localhost", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback",
    ]

    /// Is it an address that is unique on its link only (`fe80::/10`)?
    package var isLinkLocal: Bool {
        if case .ipv6(let words) = self { words[0] & 0xffc0 == 0xfe80 } else { false }
    }

    /// The same text as the host part of a URI.
    package static func inURI(_ text: String) -> String {
        guard !text.hasPrefix("["), case .ipv6 = NetworkAddress(text) else { return text }
        return "[\(text)]"
    }

    /// The same text as consoles and sockets have it: without brackets.
    package static func bare(_ text: String) -> String {
        text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private static func isName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy {
                        isDigit($0) || (97...122).contains($0 | 0x20) || $0 == UInt8(ascii: "-")
                            || $0 == UInt8(ascii: "_")
                    }
            }
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { part -> UInt8? in
            // With a leading zero some read it as octal.
            guard part.utf8.allSatisfy(isDigit), part == "0" || part.first != "0" else {
                return nil
            }
            return UInt8(part)
        }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    private static func words(_ text: Substring) -> [UInt16]? {
        let halves = text.split(
            separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        let sides = halves.compactMap { groups($0) }
        guard sides.count == halves.count else { return nil }
        switch sides.count {
        case 1: return sides[0].count == 8 ? sides[0] : nil
        case 2:
            let missing = 8 - sides[0].count - sides[1].count
            guard missing > 0 else { return nil }
            return sides[0] + Array(repeating: 0, count: missing) + sides[1]
        default: return nil
        }
    }

    /// The groups between two pairs of colons; the last may be an address of IPv4.
    private static func groups(_ text: Substring) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var words: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, let bytes = bytes(part) {
                words += [0, 2].map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
            } else if (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                let word = UInt16(part, radix: 16)
            {
                words.append(word)
            } else {
                return nil
            }
        }
        return words
    }
}
