import Testing

/// The README's promises, each with the tests that fail when it is broken: `docs/promises.md` is
/// held against the README and against the tests, so that neither can change alone.
struct PromiseListTests {
    static let list = "docs/promises.md"
    static let readme = "README.md"
    /// Its sentences may be in the list too; of the README's they must.
    static let manuals = ["docs/migration-modes.md"]

    /// A sentence with one of these promises something; in these sections every sentence does.
    static let words = [
        "never", "nothing", "nobody", "only", "always", "at most", "each", "every", "survives?",
        "exactly", "none", "both", "cannot",
    ]
    static let sections: Set<String> = ["What a drain promises", "Who may tell it what to do"]

    struct Row {
        let sentence: String
        let tests: [String]
        let hasReason: Bool
    }

    @Test func everyPromiseIsInTheListAndNoOther() throws {
        let rows = try Self.rows()
        #expect(rows.count > 30)
        let sentences = Self.sentences(in: try Repository.text(of: Self.readme))
        let words = Self.words.joined(separator: "|")
        let rule = try Regex("\\b(\(words))\\b").ignoresCase()
        for (section, sentence) in sentences
        where Self.sections.contains(section) || sentence.contains(rule) {
            if !rows.contains(where: { Self.matches($0.sentence, sentence) }) {
                Issue.record("\(Self.list) has no row for the README's: \(sentence)")
            }
        }
        let all = try Self.manuals.reduce(into: sentences) {
            $0 += Self.sentences(in: try Repository.text(of: $1))
        }
        for row in rows where !all.contains(where: { Self.matches(row.sentence, $0.1) }) {
            Issue.record("\(Self.list): neither README nor manual says: \(row.sentence)")
        }
    }

    /// Named are tests, or the reason why there is none.
    @Test func everyTestInTheListExists() throws {
        let files = try Repository.swiftFiles(under: "Tests")
        for row in try Self.rows() {
            #expect(!row.tests.isEmpty || row.hasReason, "no test and no reason: \(row.sentence)")
            for test in row.tests where !Self.exists(test, in: files) {
                Issue.record("\(Self.list): there is no test \(test), for: \(row.sentence)")
            }
        }
    }

    @Test func sentencesAreFoundAndCompared() {
        let text = """
            # One
            It never ends. `a` is (for
            long) b.
            | a | table never counts |

                and no code
            ## Two
            - A point: it stays. Always.
            """
        #expect(
            Self.sentences(in: text).map(\.1) == [
                "It never ends.", "`a` is (for long) b.", "A point: it stays.", "Always.",
            ])
        #expect(Self.sentences(in: text).map(\.0) == ["One", "One", "Two", "Two"])
        #expect(Self.matches("It never …", "It never ends."))
        #expect(Self.matches("A … stays.", "A point: it stays."))
        #expect(!Self.matches("never", "It never ends."))
        #expect(!Self.matches("It never", "It never ends."))
        let file = Repository.SourceFile(
            path: "Tests/X.swift",
            text: "struct SomeTests {\n    @Test func one() {}\n"
                + "    @Test func `two words`() {}\n}\n")
        #expect(Self.exists("SomeTests.one", in: [file]))
        #expect(Self.exists("SomeTests.two words", in: [file]))
        #expect(Self.exists("SomeTests.two …", in: [file]))
        #expect(!Self.exists("SomeTests.on", in: [file]))
        #expect(!Self.exists("OtherTests.one", in: [file]))
    }

    // MARK: Reading

    /// Prose and lists, sentence by sentence, with the heading above.
    static func sentences(in text: String) -> [(String, String)] {
        var found: [(String, String)] = []
        var (section, words) = ("", "")
        func end() {
            for sentence in split(words) { found.append((section, sentence)) }
            words = ""
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty || line.hasPrefix("    ") || line.hasPrefix("|") {
                end()
            } else if line.hasPrefix("#") {
                end()
                section = String(line.drop { $0 == "#" || $0 == " " })
            } else {
                if line.hasPrefix("- ") { end() }
                if !words.isEmpty { words += " " }
                words += String(line.drop { $0 == "-" || $0 == " " })
            }
        }
        end()
        return found
    }

    /// A sentence ends with its full stop, before a blank and what begins another.
    private static func split(_ words: String) -> [String] {
        var sentences: [String] = []
        var rest = words[...]
        while let end = rest.firstRange(of: /[.?] (?=[A-Z`*])/) {
            sentences.append(String(rest[..<rest.index(before: end.upperBound)]))
            rest = rest[end.upperBound...]
        }
        return rest.isEmpty ? sentences : sentences + [String(rest)]
    }

    /// A row quotes a sentence; `…` stands for words that are left out.
    static func matches(_ quoted: String, _ sentence: String) -> Bool {
        var rest = sentence[...]
        let parts = quoted.split(separator: "…", omittingEmptySubsequences: false).map(trimmed)
        for (number, part) in parts.enumerated() where !part.isEmpty {
            guard let place = rest.firstRange(of: part),
                number > 0 || place.lowerBound == rest.startIndex
            else { return false }
            rest = rest[place.upperBound...]
        }
        return rest.isEmpty || parts.last?.isEmpty == true
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " }
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }

    /// `Suite.test`, both as they are declared; a long name may end in `…`.
    static func exists(_ test: String, in files: [Repository.SourceFile]) -> Bool {
        let parts = test.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return false }
        let (suite, name) = (parts[0], parts[1])
        let declarations =
            name.hasSuffix("…")
            ? ["func `\(name.dropLast())"] : ["func \(name)(", "func `\(name)`("]
        return files.contains { file in
            file.lines.contains {
                $0.hasPrefix("struct \(suite) ") || $0.contains(" struct \(suite) ")
            }
                && file.lines.contains { line in
                    declarations.contains { line.contains($0) }
                }
        }
    }

    static func rows() throws -> [Row] {
        try Repository.text(of: list).split(separator: "\n").compactMap { line in
            guard line.hasPrefix("| "), !line.hasPrefix("| promise |") else { return nil }
            let cells = line.split(separator: " | ", maxSplits: 1).map(String.init)
            guard cells.count == 2 else { return nil }
            let tests = cells[1].matches(of: /\[([A-Za-z]+Tests\.[^\]]+)\]/).map { String($0.1) }
            return Row(
                sentence: String(cells[0].dropFirst(2)), tests: tests,
                hasReason: cells[1].hasPrefix("no test: "))
        }
    }
}
