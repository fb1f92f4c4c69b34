import Foundation
import TestSupport
import Testing

/// What a command left behind.
struct Ending: Sendable {
    let status: Int32
    let output: String
    let errors: String

    var text: String { "exit \(status)\n\(output)\n\(errors)" }

    /// Standard output as the one JSON document it must be.
    func json() throws -> Any {
        try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed)
    }

    func object() throws -> [String: Any] { try #require(try json() as? [String: Any]) }

    /// It ended by itself, not by a trap, and said so to a person in few words.
    var isCivil: Bool {
        status < 128 && !text.contains("Fatal error") && !text.contains("Backtrac")
            && !text.contains("NSCocoaErrorDomain")
    }
}

/// A test that cannot be carried out.
struct Impossible: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// kvmbalance beside the test: no terminal, output in files, and not Foundation's `Process`, which
/// on Linux waits for every descendant.
final class Program: @unchecked Sendable {
    static let path = Built.program("kvmbalance").path

    let identifier: pid_t
    private let folder: URL

    /// `script` is what a shell does instead, with the program and its words as `"$0" "$@"`.
    init(_ words: [String], in folder: URL, script: String? = nil) throws {
        let own = folder.appendingPathComponent("streams-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
        self.folder = own
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, name) in [(Int32(1), "out"), (2, "err")] {
            posix_spawn_file_actions_addopen(
                &actions, descriptor, own.appendingPathComponent(name).path,
                O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        let shell = script.map { ["/bin/bash", "-c", $0] } ?? []
        let line = shell + [Self.path] + words
        var arguments = line.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, line[0], &actions, nil, &arguments, environ)
        guard result == 0 else {
            throw Impossible("\(Self.path) cannot be started: error \(result); swift build first")
        }
        identifier = child
    }

    func send(_ signal: Int32) { kill(identifier, signal) }

    /// What it has said on standard error so far.
    var errorsSoFar: String {
        (try? String(contentsOf: folder.appendingPathComponent("err"), encoding: .utf8)) ?? ""
    }

    /// Waits until it says this on standard error.
    ///
    /// It holds its thread, as `wait` does: tests beside it must not make it late.
    func says(_ words: String) throws {
        for _ in 0..<1000 {
            if errorsSoFar.contains(words) { return }
            usleep(10_000)
        }
        throw Impossible("'\(words)' was never said, but: \(errorsSoFar)")
    }

    func wait() throws -> Ending {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) == -1 && errno == EINTR {}
        let signal = status & 0x7f
        return Ending(
            status: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
            output: try String(contentsOf: folder.appendingPathComponent("out"), encoding: .utf8),
            errors: errorsSoFar)
    }
}
