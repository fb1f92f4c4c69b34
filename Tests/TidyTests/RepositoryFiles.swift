import Foundation

extension Repository {
    /// What tools leave here and nobody commits.
    private static let left: Set<String> = [
        ".git", ".build", ".swiftpm", "Package.resolved", "dist",
    ]

    /// Every file of the repository, by its path in it, in order.
    static func files() throws -> [String] {
        guard let walker = FileManager.default.enumerator(atPath: root.path) else { return [] }
        var paths: [String] = []
        while let path = walker.nextObject() as? String {
            let isDirectory = walker.fileAttributes?[.type] as? FileAttributeType == .typeDirectory
            let name = path.split(separator: "/").last.map(String.init) ?? path
            if left.contains(name) || name.hasPrefix(".build-") || name == "__pycache__" {
                if isDirectory { walker.skipDescendants() }
                continue
            }
            if !isDirectory { paths.append(path) }
        }
        return paths.sorted()
    }

    /// A file's text; bytes that are no UTF-8 are replaced.
    static func text(of path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appendingPathComponent(path)), as: UTF8.self)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }
}

extension Repository.SourceFile {
    init(path: String, text: String) {
        self.init(
            path: path,
            lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }

    /// Each line without its comment, as swift-format sets comments: a line of their own, or two
    /// blanks behind code.
    var code: [Substring] {
        lines.map { line in
            let text = line.drop { $0 == " " }
            if text.hasPrefix("//") { return "" }
            return line.firstRange(of: "  //").map { line[..<$0.lowerBound] } ?? line[...]
        }
    }
}
