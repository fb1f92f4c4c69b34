import Foundation

/// What a command left behind.
struct ShellResult: Sendable {
    let status: Int32
    let output: String
    let errors: String

    var text: String { "exit \(status)\n\(output)\n\(errors)" }
}

/// A command that runs beside the test.
///
/// Not Foundation's `Process`: on Linux it waits for the end of a socket that every descendant
/// inherits, so a command that leaves a daemon behind (`lab up`) would never seem to end.
final class ShellCommand: @unchecked Sendable {
    let identifier: pid_t
    private let words: [String]
    private let folder: URL

    /// Output goes to files: a pipe that nobody empties would stop a talkative command.
    init(_ words: [String]) throws {
        self.words = words
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kvmbalance-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, name) in [(Int32(1), "out"), (2, "err")] {
            let file = folder.appendingPathComponent(name).path
            posix_spawn_file_actions_addopen(
                &actions, descriptor, file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        // Threads of Swift's pool block every signal, and a child would inherit that: it could not
        // be ended by SIGTERM.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let result = posix_spawnp(&child, words[0], &actions, &attributes, &arguments, environ)
        guard result == 0 else { throw LabError("\(words[0]) cannot be started: error \(result)") }
        identifier = child
    }

    func send(_ signal: Int32) { kill(identifier, signal) }

    /// What it has said on standard error, while it runs.
    var errorsSoFar: String {
        (try? String(contentsOf: folder.appendingPathComponent("err"), encoding: .utf8)) ?? ""
    }

    /// Waits for the end, but not forever: a test that hangs would take the gate with it.
    func wait(atMost seconds: Double = 300) throws -> ShellResult {
        defer { try? FileManager.default.removeItem(at: folder) }
        var status: Int32 = 0
        let deadline = Date().addingTimeInterval(seconds)
        while waitpid(identifier, &status, WNOHANG) == 0 {
            guard Date() < deadline else {
                send(SIGKILL)
                waitpid(identifier, &status, 0)
                let errors = try? String(
                    contentsOf: folder.appendingPathComponent("err"), encoding: .utf8)
                throw LabError("\(words) did not end in \(seconds) s; it said: \(errors ?? "")")
            }
            usleep(10_000)
        }
        let signal = status & 0x7f
        return ShellResult(
            status: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
            output: try String(contentsOf: folder.appendingPathComponent("out"), encoding: .utf8),
            errors: try String(contentsOf: folder.appendingPathComponent("err"), encoding: .utf8))
    }
}

/// Runs a command to its end.
func shell(_ words: String...) throws -> ShellResult { try ShellCommand(words).wait() }
func shell(_ words: [String]) throws -> ShellResult { try ShellCommand(words).wait() }
