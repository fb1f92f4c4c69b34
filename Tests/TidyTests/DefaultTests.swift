import Testing

/// A `switch` over an enum of ours names every case: a new case is then decided everywhere, and not
/// where somebody thinks of it.
struct DefaultTests {
    @Test func `no switch over an enum of ours has a default`() throws {
        for place in Self.defaults(in: try Repository.swiftFiles(under: "Sources")) {
            Issue.record("\(place): a default over an enum of ours: name the cases")
        }
    }

    @Test func `a default over an enum of ours is told, and over others it is not`() {
        let file = Repository.SourceFile(
            path: "Sample.swift",
            lines: [
                "enum Colour { ", "    case red, green(Int)", "    case blue", "}",
                "switch colour {", "case .red: 1", "case .green(let depth)", "    where depth > 2:",
                "    2", "default: 3", "}",  //
                "switch number {", "case 1: true", "default: false", "}",
                "switch error {", "case .scanner(let place): place", "default: nil", "}",
                "switch word {", "case \"blue\":", "    .blue", "default: nil", "}",
            ])
        #expect(Self.defaults(in: [file]) == ["Sample.swift:10"])
    }

    static func defaults(in files: [Repository.SourceFile]) -> [String] {
        let own = Set(files.flatMap { $0.code.flatMap(DeclaredNames.cases) })
        return files.flatMap { file in
            let lines = file.code
            return lines.indices.filter { lines[$0].drop { $0 == " " }.hasPrefix("default:") }
                .filter { !patterns(above: $0, in: lines).isDisjoint(with: own) }
                .map { "\(file.path):\($0 + 1)" }
        }
    }

    /// Names of cases (`.name`) in the patterns of the switch that a `default` belongs to.
    private static func patterns(above index: Int, in lines: [Substring]) -> Set<String> {
        let indent = lines[index].prefix { $0 == " " }
        var names: Set<String> = []
        for position in lines[..<index].indices.reversed() {
            let line = lines[position]
            guard line.hasPrefix(indent) else { break }
            let text = line.dropFirst(indent.count)
            if text.contains("switch "), !text.hasPrefix(" ") { break }
            // Below a colon stands what the case does.
            let isBody = position > 0 && lines[position - 1].hasSuffix(":")
            let continues = !isBody && (text.hasPrefix("    .") || text.hasPrefix("    (."))
            guard text.hasPrefix("case ") || continues else { continue }
            let pattern = text.prefix { $0 != ":" }
            for piece in pattern.split(separator: ".").dropFirst() {
                names.insert(String(piece.prefix { $0.isLetter || $0.isNumber || $0 == "_" }))
            }
        }
        return names
    }
}
