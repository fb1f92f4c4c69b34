import Foundation

/// One input as several files: each begins with a line `#### NAME`.
struct FuzzFiles {
    private(set) var texts: [String: String] = [:]

    /// What comes before the first such line belongs to `first`.
    init(_ text: String, first: String) {
        var name = first
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("#### ") {
                // No way out of the folder.
                name = String(line.dropFirst(5).prefix(40)).filter { $0 != "/" && $0 != "\0" }
            } else {
                texts[name, default: ""] += line + "\n"
            }
        }
    }

    /// In a folder of this process, which holds nothing else then.
    func laid() throws -> URL {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "kvmbalance-fuzz-\(ProcessInfo.processInfo.processIdentifier)")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, text) in texts where !name.isEmpty && name != "." && name != ".." {
            try text.write(to: folder.appending(path: name), atomically: false, encoding: .utf8)
        }
        return folder
    }
}
