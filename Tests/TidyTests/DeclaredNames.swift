/// The names that a line of Swift declares, and those it uses: by words, as the tidy tests read.
enum DeclaredNames {
    /// A word of a line.
    struct Word {
        var text: Substring
        /// Is it a label, or a parameter's or property's name before its type?
        var hasColon: Bool
    }

    enum Kind: Equatable {
        case property, function, type
        /// What is extended is declared elsewhere.
        case extended
    }

    private static let modifiers: Set<Substring> = [
        "package", "public", "internal", "private", "fileprivate", "static", "final", "mutating",
        "nonmutating", "indirect", "lazy", "nonisolated", "override", "set", "discardableResult",
        "inline", "__always", "MainActor", "Sendable", "main", "unsafe", "isolated", "class",
    ]
    private static let keywords: [Substring: Kind] = [
        "func": .function, "struct": .type, "enum": .type, "class": .type, "actor": .type,
        "extension": .extended, "protocol": .type, "typealias": .type, "var": .property,
        "let": .property,
    ]

    static func words(of line: Substring) -> [Word] {
        var words: [Word] = []
        let bytes = line.utf8
        var start = bytes.startIndex
        while start < bytes.endIndex {
            guard isLetter(bytes[start]) else {
                start = bytes.index(after: start)
                continue
            }
            var end = start
            while end < bytes.endIndex, isLetter(bytes[end]) { end = bytes.index(after: end) }
            let hasColon = end < bytes.endIndex && bytes[end] == UInt8(ascii: ":")
            words.append(Word(text: line[start..<end], hasColon: hasColon))
            start = end
        }
        return words
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: byte > 127
        }
    }

    /// The function, type or property that a line declares.
    static func declaration(in words: [Word]) -> (kind: Kind, name: String)? {
        for (index, word) in words.enumerated() where index + 1 < words.count {
            let name = words[index + 1].text
            if let kind = keywords[word.text], !modifiers.contains(name), keywords[name] == nil {
                return (kind, String(name))
            }
            guard modifiers.contains(word.text) else { return nil }
        }
        return nil
    }

    /// The enum's cases that a line declares; none for a case of a switch, which has a colon.
    static func cases(in line: Substring) -> [String] {
        let text = line.drop { $0 == " " }
        guard text.hasPrefix("case ") || text.hasPrefix("indirect case ") else { return [] }
        var (depth, isText) = (0, false)
        var plain = ""
        for character in text {
            if character == "\"" { isText.toggle() }
            if isText { continue }
            if character == "(" { depth += 1 }
            if depth == 0 { plain.append(character) }
            if character == ")" { depth -= 1 }
        }
        guard !plain.contains(":"), !plain.contains(".") else { return [] }
        return plain.dropFirst(plain.firstRange(of: "case ").map { _ in 5 } ?? 0)
            .split(separator: ",").compactMap { piece in
                let name = piece.drop { $0 == " " || $0 == "`" }
                    .prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                return name.first?.isLowercase == true ? String(name) : nil
            }
    }
}
