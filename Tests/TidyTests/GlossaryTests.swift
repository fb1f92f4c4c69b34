import Foundation
import Testing

/// The glossary of ARCHITECTURE.md, held against the names of types.
struct GlossaryTests {
    /// Types of these names wait for their new ones.
    static let outstanding: Set<String> = []

    /// Words that the glossary's last column keeps out of types' names.
    static func banned() throws -> [String] {
        try table(after: "never in a type's name").compactMap { $0.last }.flatMap { cell in
            cell.matches(of: /`(\w+)`/).map { String($0.1) }
        }
    }

    /// The words that types may end with where many do.
    static func roles() throws -> Set<String> {
        let rows = try table(after: "| role |") + table(after: "| word |")
        let words = rows.compactMap(\.first).flatMap {
            $0.matches(of: /\w+/).map { $0.output.lowercased() }
        }
        return Set(words)
    }

    /// The rows of the table whose head has these words.
    private static func table(after head: String) throws -> [[String]] {
        let text = try String(
            contentsOf: Repository.root.appendingPathComponent("ARCHITECTURE.md"), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.contains(head) }, "no table '\(head)'")
        return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    private static func types() throws -> [(file: String, name: String)] {
        let declaration = /\b(?:struct|enum|class|actor|protocol|typealias) ([A-Z]\w+)/
        return try Repository.swiftFiles(under: "Sources").flatMap { file in
            file.lines.filter { !$0.contains("//") }.compactMap { line in
                line.firstMatch(of: declaration).map { (file.path, String($0.1)) }
            }
        }
    }

    /// The words of a name: `HostFacts` is host, facts.
    private static func words(of name: String) -> [String] {
        name.matches(of: /[A-Z]+(?![a-z])|[A-Z][a-z]+/).map { String($0.output) }
    }

    @Test func noTypeHasANameThatTheGlossaryRefuses() throws {
        let banned = try Self.banned()
        #expect(banned.count > 5)
        for (file, name) in try Self.types() where !Self.outstanding.contains(name) {
            for word in Self.words(of: name) where banned.contains(word) {
                Issue.record("\(file): \(name): the glossary has another word for '\(word)'")
            }
        }
    }

    @Test func everyFrequentRoleStandsInTheGlossary() throws {
        let (types, known) = (try Self.types(), try Self.roles())
        #expect(types.count > 300)
        let counts = Dictionary(
            Set(types.map(\.name)).compactMap { Self.words(of: $0).last }.map { ($0, 1) },
            uniquingKeysWith: +)
        for (role, count) in counts where count >= 5 && !known.contains(role.lowercased()) {
            Issue.record("\(count) types end with '\(role)': say in ARCHITECTURE.md what it is")
        }
    }

    /// A word of the glossary that the code does not know is a leftover.
    @Test func everyWordOfTheGlossaryIsUsed() throws {
        let files = try Repository.swiftFiles(under: "Sources")
        let text = files.map { $0.lines.joined(separator: "\n") }.joined().lowercased()
        for row in try Self.table(after: "| word |") {
            let words = row[0].split(separator: "/").compactMap {
                $0.split(separator: "(").first?.trimmingCharacters(in: .whitespaces).lowercased()
            }
            for word in words
            where !text.contains(word) && !text.contains(word.replacing(" ", with: "")) {
                Issue.record("the glossary has '\(word)', and no source uses it")
            }
        }
    }
}
