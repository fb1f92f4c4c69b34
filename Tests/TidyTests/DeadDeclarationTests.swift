import Testing

/// What is declared is used by the product: not by a test alone, and not once upon a time.
struct DeadDeclarationTests {
    /// Names that stay although nothing in Sources names them, and why.
    static let allowed: [String: String] = [
        "Main": "the program's entry",
        "enqueue": "Swift's runtime calls it",
        "urlSession": "Foundation calls it",
        "inode": "compared by the synthesized ==",
        "memoryUsed": "stored in the tiers, in the order of the cases",
        "durability": "asks the journal's own connection; the crash test holds it",
        "randomForImages": "draws the seeds of Tests/FaultScenarios",
        "calibrate": "learns at once what TransferLearning learns run by run: tests hold both",
    ]

    @Test func `nothing is declared that nothing names`() throws {
        let dead = Self.dead(in: try Repository.swiftFiles(under: "Sources"))
        for found in dead where Self.allowed[found.name] == nil {
            Issue.record("\(found.place): nothing in Sources names '\(found.name)': let it go")
        }
        for name in Self.allowed.keys.sorted() where !dead.contains(where: { $0.name == name }) {
            Issue.record("'\(name)' is named, or gone: take it off the list of exceptions")
        }
    }

    @Test func `what is never named is told, and what is only filled in`() {
        let file = Repository.SourceFile(
            path: "Sample.swift",
            lines: [
                "struct Guest {", "    let kept: Int", "    package let filled: Int",
                "    init(kept: Int, filled: Int) {", "        self.kept = kept",
                "        self.filled = filled", "    }",
                "    /// Not even unused() in a comment.", "    func unused() {}",
                "    static func shown(_ guest: Guest) -> Int { guest.kept }", "}",
                "enum Colour { ", "    case red, green", "}",
                "let made = Guest.shown(Guest(kept: 1, filled: 2)) + (Colour.red == .red ? 1 : 2)",
            ])
        #expect(Self.dead(in: [file]).map(\.name) == ["filled", "unused", "green", "made"])
    }

    struct Found {
        let place: String
        let name: String
    }

    private static let encoded: Set<Substring> = ["Encodable", "Codable", "CodingKey"]

    /// Names that nothing uses. Properties that are only filled in count as unused, but not those
    /// of types that are encoded, nor their keys: programs read them.
    static func dead(in files: [Repository.SourceFile]) -> [Found] {
        var named: Set<String> = []
        var declared: [Found] = []
        for file in files {
            var types: [(indent: Int, isEncoded: Bool)] = []
            for (index, line) in file.code.enumerated() where !line.isEmpty {
                let words = DeclaredNames.words(of: line)
                let place = "\(file.path):\(index + 1)"
                let cases = DeclaredNames.cases(in: line)
                var own = Set(cases)
                if types.last?.isEncoded != true {
                    declared += cases.map { Found(place: place, name: $0) }
                }
                if let declaration = DeclaredNames.declaration(in: words) {
                    let indent = line.utf8.prefix { $0 == UInt8(ascii: " ") }.count
                    types.removeAll { $0.indent >= indent }
                    if declaration.kind == .type || declaration.kind == .extended {
                        let names = words.map(\.text)
                        types.append((indent, !encoded.isDisjoint(with: names)))
                    }
                    let isRead = declaration.kind == .property && types.last?.isEncoded == true
                    if !isRead, declaration.kind != .extended {
                        declared.append(Found(place: place, name: declaration.name))
                    }
                    own = [declaration.name]
                }
                // `self.name = name` fills a property in and reads none.
                if words.count == 3, words[0].text == "self", words[1].text == words[2].text {
                    continue
                }
                for word in words where !word.hasColon {
                    let name = String(word.text)
                    if own.remove(name) == nil { named.insert(name) }
                }
            }
        }
        return declared.filter { !named.contains($0.name) }
    }
}
