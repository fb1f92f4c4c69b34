package import Foundation

/// A program on its own terminal, as an operator's: session leader, all three streams there.
package final class TerminalProgram {
    /// The terminal or the program did something else than a test needs.
    package struct Impossible: Error, CustomStringConvertible {
        package let description: String
        init(_ description: String) { self.description = description }
    }

    package let identifier: pid_t
    private var master: Int32
    package private(set) var seen = ""

    /// `line` is the program's path and its words; `environment` goes on top of the test's own.
    package init(line: [String], environment: [String: String] = [:]) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // TIOCSPTLCK and TIOCGPTN, which Swift does not know.
        var (locked, number) = (Int32(0), UInt32(0))
        guard master >= 0, ioctl(master, 0x4004_5431, &locked) == 0,
            ioctl(master, 0x8004_5430, &number) == 0
        else { throw Impossible("no terminal: error \(errno)") }
        let terminal = "/dev/pts/\(number)"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The first terminal that a session leader opens becomes its own.
        posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        let newSession: Int32 = 0x80
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | newSession))
        var arguments = line.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var environment = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for variable in environment { free(variable) } }
        var child: pid_t = 0
        let result = posix_spawn(
            &child, line[0], &actions, &attributes, &arguments, &environment)
        guard result == 0 else { throw Impossible("\(line[0]): error \(result)") }
        identifier = child
    }

    deinit { if master >= 0 { close(master) } }

    /// Reads on until it has said this.
    package func says(_ words: String, withinSeconds seconds: Int = 10) throws {
        for _ in 0..<seconds * 100 {
            if seen.contains(words) { return }
            read(forMilliseconds: 10)
        }
        throw Impossible("'\(words)' was never said, but: \(seen)")
    }

    private func read(forMilliseconds patience: Int32) {
        var waiting = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, patience) > 0, waiting.revents & Int16(POLLIN) != 0 else { return }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(master, &bytes, bytes.count)
        if count > 0 { seen += String(decoding: bytes[..<count], as: UTF8.self) }
    }

    package func send(_ signal: Int32) { kill(identifier, signal) }

    package func types(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(master, bytes, bytes.count)
    }

    /// As when an ssh session breaks.
    package func closeTerminal() {
        close(master)
        master = -1
    }

    /// Its exit status, or 128 and the number of the signal that ended it.
    package func wait() -> Int32 {
        var status: Int32 = 0
        while true {
            let ended = waitpid(identifier, &status, master >= 0 ? WNOHANG : 0)
            if ended == identifier { break }
            // What nobody reads would stop it.
            if master >= 0 { read(forMilliseconds: 10) }
        }
        if master >= 0 { read(forMilliseconds: 0) }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
