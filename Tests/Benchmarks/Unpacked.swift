import Foundation

/// A file's bytes; of one that ends in `.gz`, what `gzip` unpacks, as Foundation unpacks nothing.
enum Unpacked {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    static func contents(of file: String) throws -> Data {
        guard file.hasSuffix(".gz") else { return try Data(contentsOf: URL(filePath: file)) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", "--", file]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "gzip cannot unpack \(file)")
        }
        return data
    }
}
