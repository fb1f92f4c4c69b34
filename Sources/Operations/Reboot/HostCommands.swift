import ClusterModel
import Foundation
import Glibc
package import HypervisorInterface
package import PlacementPolicy

/// Runs what an operator named for a host, on this machine.
package protocol HostCommands: Sendable {
    /// Starts a line of `sh` whose output goes to this file, and returns when it has ended. It
    /// outlives this process, and is not ended by anybody's Ctrl-C.
    func run(_ line: String, log: String) async -> HostCommandEnding

    /// Does a command that was started with this file still run, whoever started it?
    func isRunning(log: String) -> Bool

    /// Runs a line of `sh`, half a minute at most, for its answer.
    func answer(to line: String) async -> HostShellAnswer
}

/// What came of a command.
package enum HostCommandEnding: Hashable, Sendable {
    /// With its exit status, 128 and more for a signal, and the last that it said.
    case ended(status: Int32, words: String)
    /// It certainly never ran.
    case notStarted(String)
}

/// A command about one host, as an operator writes it for all.
package struct CommandTemplate: Hashable, Sendable {
    package static let places = ["{host}", "{address}", "{uri}"]

    private let text: String

    /// Throws where it says nothing of a host: it would do the same for each, and to this machine.
    package init(_ text: String, option: String) throws {
        guard Self.places.contains(where: { text.contains($0) }) else {
            throw CommandError(
                "\(option) names no host and would run on this machine for each: write {host}, "
                    + "{address} or {uri} where the host belongs, as in "
                    + "\(option) 'ssh {host} systemctl reboot'")
        }
        self.text = text
    }

    /// Each place is one word of the shell.
    package func line(for host: FleetHost) -> String {
        let values = [host.name.rawValue, host.address, host.uri]
        var rest = text[...]
        var line = ""
        while let brace = rest.firstIndex(of: "{") {
            line += rest[..<brace]
            rest = rest[brace...]
            if let index = Self.places.firstIndex(where: { rest.hasPrefix($0) }) {
                line += values[index].quotedForShell
                rest = rest.dropFirst(Self.places[index].count)
            } else {
                line += "{"
                rest = rest.dropFirst()
            }
        }
        return line + rest
    }
}

/// Commands as processes of this machine.
///
/// The log is locked by whoever holds it open, which the command inherits: so a later process sees
/// whether the command of one that was killed still runs.
package struct ShellCommands: HostCommands {
    private let shell: any HostShell

    /// `shell` runs what is asked for its answer alone.
    package init(shell: any HostShell) { self.shell = shell }

    package func answer(to line: String) async -> HostShellAnswer { await shell.run(line) }

    package func isRunning(log: String) -> Bool {
        let descriptor = open(log, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// On its own thread: waiting for a process blocks.
    package func run(_ line: String, log: String) async -> HostCommandEnding {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: Self.ending(of: line, log: log)) }
            thread.start()
        }
    }

    private static func ending(of line: String, log: String) -> HostCommandEnding {
        let output = open(
            log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, mode_t(0o600))
        guard output >= 0 else {
            return .notStarted("\(log): \(String(cString: strerror(errno)))")
        }
        guard flock(output, LOCK_EX | LOCK_NB) == 0 else {
            close(output)
            return .notStarted("an earlier command still runs, and writes to \(log)")
        }
        let start = lseek(output, 0, SEEK_END)
        var child: pid_t = 0
        let result = spawn(line, output, &child)
        close(output)
        guard result == 0 else {
            return .notStarted("/bin/sh: \(String(cString: strerror(result)))")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7f
        return .ended(
            status: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
            words: lastWords(of: log, from: start))
    }

    /// glibc's POSIX_SPAWN_SETSID, which only GNU's own programs see.
    private static let newSession: Int16 = 0x80

    /// In its own session, with nothing to read.
    private static func spawn(_ line: String, _ output: Int32, _ child: inout pid_t) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, newSession | Int16(POSIX_SPAWN_SETSIGDEF))
        var usual = sigset_t()
        sigemptyset(&usual)
        // Signals that a run watches are ignored in this process: the command is not to inherit it.
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE] { sigaddset(&usual, signal) }
        posix_spawnattr_setsigdefault(&attributes, &usual)
        let words = ["/bin/sh", "-c", line]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        return posix_spawn(&child, "/bin/sh", &actions, &attributes, &arguments, environ)
    }

    private static let wordsAtMost = 1024

    private static func lastWords(of log: String, from start: Int) -> String {
        guard let file = FileHandle(forReadingAtPath: log) else { return "" }
        defer { try? file.close() }
        let end = (try? file.seekToEnd()) ?? 0
        let begin = max(UInt64(max(0, start)), end > wordsAtMost ? end - UInt64(wordsAtMost) : 0)
        try? file.seek(toOffset: begin)
        let bytes = (try? file.read(upToCount: wordsAtMost)) ?? Data()
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        return OutsideText.oneLine(lines.suffix(3).joined(separator: " / "))
    }
}
