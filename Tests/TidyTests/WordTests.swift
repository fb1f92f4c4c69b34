import Foundation
import Testing

/// Every text of ours, in sources, documents and examples, held to the list of words to avoid.
struct WordTests {
    /// Texts in Markdown and YAML that people read.
    static let documents = [
        "README.md", "ARCHITECTURE.md", "docs", "policies", "simulations", "Tests/Lab/README.md",
        "packaging",
    ]
    static let endings = [".md", ".yaml", ".service", ".timer", ".conf"]

    @Test func everyEntryOfTheListFindsItsExample() throws {
        for word in BannedWord.all {
            #expect(word.example.contains(try Regex(word.pattern)), "\(word.pattern)")
            #expect(word.example.contains(word.trigger), "\(word.pattern): \(word.trigger)")
        }
    }

    @Test func sourcesUseTheFieldsWords() throws {
        let words = try BannedWord.all.map { ($0, try Regex($0.pattern)) }
        let files = try Repository.swiftFiles(under: "Sources")
        #expect(files.count > 50)
        for file in files {
            for text in file.texts {
                for (word, pattern) in words
                where text.words.contains(word.trigger) && (!word.isLeading || text.isString) {
                    let isFound =
                        word.isLeading
                        ? text.words.prefixMatch(of: pattern) != nil : text.words.contains(pattern)
                    guard isFound else { continue }
                    Issue.record(
                        "\(file.path):\(text.line): use \(word.instead): \(text.words)")
                }
            }
        }
    }

    @Test func documentsUseTheFieldsWords() throws {
        let words = try BannedWord.all.map { word in
            // In a document a sentence begins a line, or follows a full stop.
            let pattern =
                word.isLeading ? "(?:^|[.:;] )W" + word.pattern.dropFirst(3) : word.pattern
            return (word, try Regex(pattern))
        }
        let documents = try Repository.documents(in: Self.documents, endings: Self.endings)
        #expect(documents.count > 20)
        for document in documents {
            for (number, line) in document.lines.enumerated() {
                for (word, pattern) in words where line.contains(word.trigger) {
                    // A heading of Markdown may ask or name.
                    guard !(word.isLeading && line.hasPrefix("#")), line.contains(pattern)
                    else { continue }
                    Issue.record(
                        "\(document.path):\(number + 1): use \(word.instead): \(line)")
                }
            }
        }
    }
}

extension Repository {
    /// Files below these folders, or these files themselves, whose names end so.
    static func documents(in places: [String], endings: [String]) throws -> [SourceFile] {
        try places.flatMap { place -> [SourceFile] in
            let url = root.appendingPathComponent(place)
            let names =
                FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String }
                .sorted().map { "\(place)/\($0)" } ?? []
            return try (names.isEmpty ? [place] : names)
                .filter { name in endings.contains { name.hasSuffix($0) } }
                .map { name in
                    let text = try String(
                        contentsOf: root.appendingPathComponent(name), encoding: .utf8)
                    return SourceFile(
                        path: name,
                        lines: text.split(separator: "\n", omittingEmptySubsequences: false)
                            .map(String.init))
                }
        }
    }
}

/// A piece of text in a source file, and where it is.
struct SourceText {
    let line: Int
    let words: String
    let isString: Bool
}

extension Repository.SourceFile {
    /// Comments and string literals, line by line, without what is interpolated.
    var texts: [SourceText] {
        var found: [SourceText] = []
        var isInBlock = false
        for (number, line) in lines.enumerated() {
            if line.contains("\"\"\"") {
                isInBlock.toggle()
                continue
            }
            if isInBlock {
                found.append(SourceText(line: number + 1, words: line, isString: true))
                continue
            }
            let (strings, comment) = Self.parts(of: line)
            found += strings.map { SourceText(line: number + 1, words: $0, isString: true) }
            if let comment {
                found.append(SourceText(line: number + 1, words: comment, isString: false))
            }
        }
        return found
    }

    /// The string literals of a line, and its comment.
    private static func parts(of line: String) -> (strings: [String], comment: String?) {
        var strings: [String] = []
        var literal: String?
        var depth = 0
        var rest = Substring(line)
        while let next = rest.first {
            if literal != nil, depth == 0, rest.hasPrefix("\\(") {
                depth = 1
                literal?.append("…")
                rest = rest.dropFirst(2)
                continue
            }
            rest = rest.dropFirst()
            if depth > 0 {
                depth += next == "(" ? 1 : next == ")" ? -1 : 0
            } else if literal != nil, next == "\\" {
                rest = rest.dropFirst()
            } else if next == "\"" {
                if let whole = literal { strings.append(whole) }
                literal = literal == nil ? "" : nil
            } else if literal != nil {
                literal?.append(next)
            } else if next == "/", rest.first == "/" {
                return (strings, String(rest.dropFirst()))
            }
        }
        return (strings, nil)
    }
}
