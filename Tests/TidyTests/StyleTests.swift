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

    /// Words that mean two things in this field, with the word to use instead.
    static let banned: [(pattern: String, instead: String)] = [
        (#"\b[nN]odes?\b"#, "host (libvirt's node) or NUMA cell"),
        (#"\bVMs?\b"#, "domain"),
        (#"\b(TODO|FIXME|XXX|HACK)\b"#, "an issue, or the code itself"),
        (#"\bfatalError\("#, "preconditionFailure with the state in its message"),
        (#"try!"#, "try, and an error that names what failed"),
        (#"(?<![\w.])print\("#, "Console.out or Console.err"),
    ]

    @Test func wordsAreTheGlossarys() throws {
        for file in try Repository.swiftFiles(under: "Sources") {
            for (number, line) in file.lines.enumerated() {
                // Names of libraries and of other programs are theirs.
                let text = line.replacing(
                    /Yams\.Node|[vV]irNode\w*|VIR_\w+|NODE_\w+|"[^"]*"/, with: "")
                for (pattern, instead) in Self.banned where text.contains(try Regex(pattern)) {
                    Issue.record("\(file.path):\(number + 1): use \(instead): \(line)")
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
            guard let match = line.firstMatch(of: /^( *)(?:[\w@()]+ )*(?:func (\w+)|init\b)/),
                !line.contains("///")
            else { continue }
            let closing = String(match.1) + "}"
            guard let end = lines[start...].firstIndex(of: closing) else { continue }
            lengths.append((match.2.map(String.init) ?? "init", end - start + 1))
        }
        return lengths
    }
}
