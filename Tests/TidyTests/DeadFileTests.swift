import Testing

/// Whatever lies here is reached from somewhere: a page from another page, a script from what calls
/// it, an example from what plays it.
struct DeadFileTests {
    /// What tools look for by these names.
    static let roots: Set<String> = [
        "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "Package.swift", ".ci/run",
        ".gitignore", ".swift-format", ".flake8", ".shellcheckrc",
    ]
    /// Folders that are played or fed in as a whole, and by what.
    static let whole = [
        "simulations/": "Tests/SimulationTests and kvmbalance simulate play every folder",
        "Tests/Fuzz/corpus/": "Tests/Fuzz/run takes every file",
        "debian/": "dpkg-buildpackage and its helpers look for these names",
    ]

    @Test func `every file is named by another`() throws {
        let paths = try Repository.files()
        let texts = try Dictionary(
            uniqueKeysWithValues: paths.map { ($0, try Repository.text(of: $0)) })
        for path in Self.dead(in: texts) {
            Issue.record("\(path): no other file names it: link it, call it, or let it go")
        }
    }

    @Test func `a page and a script that nothing names are told`() {
        let texts = [
            "README.md": "See docs/used.md. `Tests/Lab/play` plays.", "docs/used.md": "",
            "docs/lost.md": "docs/lost.md is what nobody links", "Tests/Lab/play": "",
            "Tests/Lab/lost": "", "Sources/A/B.swift": "", "Sources/A/module.modulemap": "",
        ]
        #expect(Self.dead(in: texts) == ["Tests/Lab/lost", "docs/lost.md"])
    }

    /// Paths that no other text names: by the path, by folder and name, or by a name that has an
    /// extension. Scripts that another one takes in are named without it, from beside or above.
    /// What Swift and Python build from is their business.
    static func dead(in texts: [String: String]) -> [String] {
        var mentions: [Substring: Set<String>] = [:]
        for (path, text) in texts {
            for token in tokens(of: text) { mentions[token, default: []].insert(path) }
        }
        return texts.keys.sorted().filter { path in
            let isWhole = whole.keys.contains { path.hasPrefix($0) } && !path.hasSuffix(".md")
            let isBuilt = built.contains { path.hasSuffix($0) }
            guard !roots.contains(path), !isBuilt, !isWhole else { return false }
            let parts = path.split(separator: "/")
            let name = parts.last ?? ""
            var names: [Substring] = [path[...], parts.suffix(2).joined(separator: "/")[...]]
            if name.contains(".") || name.contains("-") { names.append(name) }
            if names.contains(where: { mentions[$0]?.contains { $0 != path } == true }) {
                return false
            }
            guard name.hasSuffix(".sh") || name.hasSuffix(".py"),
                let stem = name.split(separator: ".").first
            else { return true }
            let above = parts.dropLast(2).joined(separator: "/") + "/"
            return mentions[stem]?.contains { $0 != path && $0.hasPrefix(above) } != true
        }
    }

    private static let built = [".swift", ".modulemap", "__init__.py"]

    /// Words and paths of a text, each path also by its last two parts and by its name.
    private static func tokens(of text: String) -> Set<Substring> {
        let pieces = text.utf8.split { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "/"),
                UInt8(ascii: "."), UInt8(ascii: "-"):
                false
            default: true
            }
        }
        var tokens: Set<Substring> = []
        for piece in pieces {
            var token = Substring(piece)
            while token.last == "." { token = token.dropLast() }
            while token.first == "." && token.dropFirst().first != "/" { token = token.dropFirst() }
            guard tokens.insert(token).inserted, token.utf8.contains(UInt8(ascii: "/")) else {
                continue
            }
            let parts = token.split(separator: "/")
            if let name = parts.last { tokens.insert(name) }
            if parts.count > 2 { tokens.insert(parts.suffix(2).joined(separator: "/")[...]) }
        }
        return tokens
    }
}
