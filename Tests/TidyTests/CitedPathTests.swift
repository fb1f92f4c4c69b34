import Testing

/// A source that is cited can be read: paths in comments and in Markdown lead somewhere.
struct CitedPathTests {
    /// Paths that begin so are ours wherever they stand.
    static let folders = [
        "Sources/", "Tests/", "policies/", "simulations/", "packaging/", ".ci/",
    ]
    /// It tells what was, under the names of that day.
    static let history = "CHANGELOG.md"

    @Test func `every cited path exists`() throws {
        for path in try Repository.files() where path != Self.history {
            guard let lines = Self.prose(path, try Repository.text(of: path)) else { continue }
            for (number, line) in lines {
                for cited in Self.cited(in: line) where !Self.leadsSomewhere(cited, from: path) {
                    Issue.record("\(path):\(number): \(cited) is not in this repository")
                }
            }
        }
    }

    @Test func `a path that leads nowhere is told`() {
        let line =
            "See `facts/lost.md`, [plans](docs/planner.md#how), Tests/Lab/lab and Tests/x.py."
        #expect(
            Self.cited(in: line) == [
                "docs/planner.md", "facts/lost.md", "Tests/Lab/lab", "Tests/x.py",
            ])
        #expect(
            Self.cited(in: line).map { Self.leadsSomewhere($0, from: "README.md") }
                == [true, false, true, false])
        #expect(Self.cited(in: "https://example.org/docs/x.md and migration/migration.c").isEmpty)
    }

    /// Numbered lines that are written for people: all of Markdown, and comments elsewhere.
    static func prose(_ path: String, _ text: String) -> [(Int, Substring)]? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .map { ($0.offset + 1, $0.element) }
        if path.hasSuffix(".md") { return lines }
        let mark = path.hasSuffix(".swift") ? "//" : "#"
        guard path.hasSuffix(".swift") || path.hasPrefix("Tests/Lab/") || path == "Makefile" else {
            return nil
        }
        return lines.filter { $0.1.drop { $0 == " " }.hasPrefix(mark) }
    }

    /// Paths into our folders, and to pages in any folder.
    static func cited(in line: Substring) -> [String] {
        guard line.contains("/") || line.contains("](") else { return [] }
        let pieces = line.split { !($0.isLetter || $0.isNumber || "/._-+*:~".contains($0)) }
        let links = line.matches(of: /\]\(([^)#:]+)[)#]/).map { String($0.1) }
        return links
            + pieces.compactMap { piece in
                var path = piece
                while let last = path.last, ".:-".contains(last) { path = path.dropLast() }
                guard path.contains("/"), !path.contains(":"), !path.hasPrefix("/"),
                    !path.contains("*"), !links.contains(String(path))
                else { return nil }
                let isOurs =
                    folders.contains { path.hasPrefix($0) } || path.hasSuffix(".md")
                return isOurs ? String(path) : nil
            }
    }

    static func cited(in line: String) -> [String] { cited(in: line[...]) }

    static func leadsSomewhere(_ cited: String, from path: String) -> Bool {
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        return Repository.exists(cited) || Repository.exists("\(folder)/\(cited)")
    }
}
