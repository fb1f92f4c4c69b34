import Foundation

/// One day of PlanetLab traces: a packed folder with one file a machine, a percentage every five
/// minutes. In byte order of the file names, as only this is the same everywhere.
struct PlanetLabDay {
    /// What is wrong with a day, and where.
    struct Unreadable: Error, CustomStringConvertible { let description: String }

    let name: String
    let machines: [String]
    /// Percent; 288 a machine.
    let percent: [[Int]]

    init(_ file: String) throws {
        name = String((file as NSString).lastPathComponent.prefix { $0 != "." })
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("planetlab-\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tar", "-xzf", file, "-C", folder.path]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Unreadable(description: "tar cannot unpack \(file)")
        }
        let walker = FileManager.default.enumerator(atPath: folder.path)
        let names = (walker?.allObjects as? [String] ?? []).filter {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(
                atPath: folder.appendingPathComponent($0).path, isDirectory: &isFolder)
            return !isFolder.boolValue
        }.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        machines = names
        percent = try names.map { name in
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            let values = try text.split(whereSeparator: \.isNewline).prefix(288).map { line in
                guard let value = Int(line), (0...100).contains(value) else {
                    throw Unreadable(description: "\(file), \(name): '\(line)' is no percentage")
                }
                return value
            }
            guard values.count == 288 else {
                throw Unreadable(description: "\(file), \(name): \(values.count) values, not 288")
            }
            return values
        }
    }

    /// As CloudSim holds them: 289 shares, the last one twice.
    var traces: [[Double]] {
        percent.map { values in
            let shares = values.map { Double($0) / 100.0 }
            return shares + [shares[287]]
        }
    }

    /// The days in a folder, in order of their names.
    static func files(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".tar.gz") }.sorted().map { "\(folder)/\($0)" }
    }
}
