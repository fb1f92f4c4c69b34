import Testing

/// Two files stand beside each other on a screen.
struct WidthTests {
    static let most = 100

    @Test func `lines are at most 100 columns wide`() throws {
        let package = Repository.SourceFile(
            path: "Package.swift", text: try Repository.text(of: "Package.swift"))
        let files =
            try Repository.swiftFiles(under: "Sources") + Repository.swiftFiles(under: "Tests")
        for file in files + [package] {
            for line in Self.tooWide(in: file) {
                Issue.record("\(file.path):\(line): wider than \(Self.most) columns: break it")
            }
        }
    }

    @Test func `a wide line is told, and the text of a literal counts without its indentation`() {
        let long = String(repeating: "x", count: 95)
        let file = Repository.SourceFile(
            path: "Sample.swift",
            lines: [
                "    /// \(long)", "    let text = \"\"\"", "        \(long)",
                "        12345\(long)x",
                "        \"\"\"", "    /// \(long.dropLast(3))",
            ])
        #expect(Self.tooWide(in: file) == [1, 4])
    }

    /// Numbers of the lines, from 1.
    static func tooWide(in file: Repository.SourceFile) -> [Int] {
        var found: [Int] = []
        // The indentation of the literal that a line is in.
        var literal: Int?
        for (index, line) in file.lines.enumerated() {
            let isDelimiter = delimits(line)
            if isDelimiter, literal != nil {
                literal = nil
            } else if isDelimiter {
                let closing = file.lines[(index + 1)...].first(where: delimits)
                literal = closing?.utf8.prefix { $0 == UInt8(ascii: " ") }.count
            }
            // Counting characters is slow: only where there are as many bytes.
            if line.utf8.count > most, line.count - (isDelimiter ? 0 : literal ?? 0) > most {
                found.append(index + 1)
            }
        }
        return found
    }

    /// Does a literal of several lines begin or end here?
    private static func delimits(_ line: String) -> Bool {
        line.utf8.count { $0 == UInt8(ascii: "\"") } >= 3 && line.ranges(of: "\"\"\"").count == 1
    }
}
