internal import CLibvirt
import Foundation
import Synchronization

/// The processes that libvirt starts for its connections: ssh above all.
///
/// A terminal sends Ctrl-C to every process of its foreground group. An ssh in that group would end
/// at once, and with it the connection that a managed migration or a copy of images depends on. So
/// each child leaves the group before it becomes ssh. It still ends with us, however we end: nobody
/// holds the other end of its standard input any more.
enum ChildProcesses {
    /// Those that were there before libvirt started any: whoever became kvmbalance by exec(3) may
    /// have had some.
    private static let strangers = Mutex<Set<pid_t>>([])

    /// Holds from now on for every child that is made by fork(2), as libvirt makes them.
    static func standApart() {
        strangers.withLock { $0 = Set(running()) }
        // In the child a value that is made on its first use would wait for other threads.
        TerminalQuestion.prepare()
        pthread_atfork(nil, nil) { kvmbalance_stand_apart(TerminalQuestion.terminalOfThisThread) }
    }

    /// Ends those that are still there: their connections hang. Left to systemd they would be
    /// killed, which it logs.
    ///
    /// Looked for until two looks in a row find none: while some end, the kernel's list may leave
    /// out others (proc(5)), and who was waiting for a connection that broke may open the next.
    static func end() {
        let strangers = strangers.withLock(\.self)
        var (looks, empty) = (0, 0)
        while empty < 2 && looks < 200 {
            let left = running().filter { !strangers.contains($0) && !isOver($0) }
            for child in left { kill(child, looks < 100 ? SIGTERM : SIGKILL) }
            usleep(left.isEmpty ? 1000 : 10_000)
            empty = left.isEmpty ? empty + 1 : 0
            looks += 1
        }
    }

    private static func running() -> [pid_t] {
        let threads =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return threads.flatMap { thread in
            let path = "/proc/self/task/\(thread)/children"
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            return text.split(separator: " ").compactMap { pid_t($0) }
        }
    }

    private static func isOver(_ child: pid_t) -> Bool { waitpid(child, nil, WNOHANG) != 0 }
}

/// A question that ssh may put to a person at the terminal, where its URI says so (`no_tty=0`).
///
/// Only the foreground of a terminal may read from it: ssh gets that for as long as its connection
/// is being opened, one ssh at a time.
enum TerminalQuestion {
    private static let turn = NSLock()
    private static let terminal = Atomic<Int32>(-1)
    private static let asker = Atomic<UInt>(0)

    static func prepare() {
        terminal.store(-1, ordering: .relaxed)
        asker.store(0, ordering: .relaxed)
    }

    /// Negative unless this thread is opening a connection that may ask.
    static var terminalOfThisThread: Int32 {
        guard asker.load(ordering: .relaxed) == UInt(pthread_self()) else { return -1 }
        return terminal.load(ordering: .relaxed)
    }

    /// Opens a connection whose ssh may ask.
    static func allow<Value>(_ open: () -> Value) -> Value {
        turn.lock()
        defer { turn.unlock() }
        let descriptor = Glibc.open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { return open() }
        defer { close(descriptor) }
        // In the background nobody is asked.
        guard tcgetpgrp(descriptor) == getpgrp() else { return open() }
        terminal.store(descriptor, ordering: .relaxed)
        asker.store(UInt(pthread_self()), ordering: .relaxed)
        defer {
            asker.store(0, ordering: .relaxed)
            takeBack(descriptor)
        }
        return open()
    }

    /// Who is not in the foreground is stopped for this unless the signal for it is blocked.
    private static func takeBack(_ terminal: Int32) {
        var (blocked, before) = (sigset_t(), sigset_t())
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTTOU)
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        tcsetpgrp(terminal, getpgrp())
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
