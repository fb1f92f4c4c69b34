import Foundation

/// What a command left behind.
struct ShellResult: Sendable {
    let status: Int32
    let output: String
    let errors: String

    var text: String { "exit \(status)\n\(output)\n\(errors)" }
}

/// A command that runs beside the test.
final class ShellCommand: @unchecked Sendable {
    private let process = Process()
    private let folder: URL
    private let ended = DispatchSemaphore(value: 0)

    /// Output goes to files: a pipe that nobody empties would stop a talkative command.
    init(_ words: [String]) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kvmbalance-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(folder, "out")
        process.standardError = try Self.file(folder, "err")
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
    }

    var isRunning: Bool { process.isRunning }
    var identifier: Int32 { process.processIdentifier }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Not `waitUntilExit`: that runs a run loop, which a thread of Swift's pool may wait on for ever.
    func wait() throws -> ShellResult {
        ended.wait()
        defer { try? FileManager.default.removeItem(at: folder) }
        return ShellResult(
            status: process.terminationStatus,
            output: try String(contentsOf: folder.appendingPathComponent("out"), encoding: .utf8),
            errors: try String(contentsOf: folder.appendingPathComponent("err"), encoding: .utf8))
    }

    private static func file(_ folder: URL, _ name: String) throws -> FileHandle {
        let url = folder.appendingPathComponent(name)
        _ = FileManager.default.createFile(atPath: url.path, contents: nil)
        return try FileHandle(forWritingTo: url)
    }
}

/// Runs a command to its end.
func shell(_ words: String...) throws -> ShellResult { try ShellCommand(words).wait() }
func shell(_ words: [String]) throws -> ShellResult { try ShellCommand(words).wait() }
