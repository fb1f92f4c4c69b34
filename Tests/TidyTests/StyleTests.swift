import Testing

/// Sizes, words and leftovers.
struct StyleTests {
    @Test func filesAreShort() throws {
        for file in try Repository.swiftFiles(under: "Sources") {
            #expect(file.lines.count <= 400, "\(file.path) has outgrown its room: split by aspect")
        }
        for file in try Repository.swiftFiles(under: "Tests") {
            #expect(file.lines.count <= 600, "\(file.path) has outgrown its room: split by subject")
        }
    }

    @Test func functionsAreShort() throws {
        for file in try Repository.swiftFiles(under: "Sources") {
            for (name, length) in file.functionLengths where length > 60 {
                Issue.record("\(file.path): \(name) has \(length) lines, at most 60 may stand")
            }
        }
    }

    /// A word that means two things in this field, or a leftover, and what to write instead.
    struct Banned {
        /// A cheap test that goes before the exact one.
        let trigger: String
        let pattern: String
        let instead: String
    }

    static let banned = [
        Banned(trigger: "ode", pattern: #"\b[nN]odes?\b"#, instead: "host, or NUMA cell"),
        Banned(trigger: "VM", pattern: #"\bVMs?\b"#, instead: "domain"),
        Banned(trigger: "TO" + "DO", pattern: #"\bTODO\b"#, instead: "an issue"),
        Banned(trigger: "FIX" + "ME", pattern: #"\bFIXME\b"#, instead: "an issue"),
        Banned(
            trigger: "fatalError", pattern: #"\bfatalError\("#,
            instead: "preconditionFailure with the state in its message"),
        Banned(
            trigger: "try!", pattern: "try!", instead: "try, and an error that names what failed"),
        Banned(
            trigger: "print(", pattern: #"(^|[^\w.])print\("#, instead: "Console.out or Console.err"
        ),
    ]

    @Test func wordsAreTheGlossarys() throws {
        let words = try Self.banned.map { ($0, try Regex($0.pattern)) }
        for file in try Repository.swiftFiles(under: "Sources") {
            for (number, line) in file.lines.enumerated() {
                for (banned, pattern) in words where line.contains(banned.trigger) {
                    // Names of libraries and of other programs are theirs.
                    let text = line.replacing(/Yams\.Node|vir[A-Z]\w*|VIR_\w+|"[^"]*"/, with: "")
                    guard text.contains(pattern) else { continue }
                    Issue.record("\(file.path):\(number + 1): use \(banned.instead): \(line)")
                }
            }
        }
    }

    @Test func everyTypeSaysWhatItIs() throws {
        let declaration =
            /^(?:package |public )?(?:final )?(?:struct|enum|class|actor|protocol) (\w+)/
        for file in try Repository.swiftFiles(under: "Sources") {
            for (number, line) in file.lines.enumerated() where line.contains(declaration) {
                let above = file.lines[..<number].last { !$0.hasPrefix("@") && !$0.hasPrefix("#") }
                #expect(
                    above?.hasPrefix("///") == true,
                    "\(file.path):\(number + 1): one sentence on what this type is")
            }
        }
    }
}

extension Repository.SourceFile {
    /// Name and number of lines of each function, from its `func` to the brace that closes it.
    var functionLengths: [(name: String, length: Int)] {
        var lengths: [(String, Int)] = []
        for (start, line) in lines.enumerated() {
            // The exact pattern is slow: only where a cheap look says that it may match.
            guard line.contains("func ") || line.contains("init"),
                let match = line.firstMatch(of: /^( *)(?:[\w@()]+ )*(?:func (\w+)|init\b)/),
                !line.contains("///")
            else { continue }
            let closing = String(match.1) + "}"
            guard let end = lines[start...].firstIndex(of: closing) else { continue }
            lengths.append((match.2.map(String.init) ?? "init", end - start + 1))
        }
        return lengths
    }
}
