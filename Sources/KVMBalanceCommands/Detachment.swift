import Execution
import Foundation
import Glibc

/// A run in the background (`--detach`).
///
/// The command is carried out by a second process, which shows its plan and asks at the terminal as
/// ever. When its run has begun it lets go of the terminal, and the first process ends. A process
/// with threads cannot be forked, so the second one is started before there are any.
package enum Detachment {
    private static let flag = "--detach"
    private static let variable = "KVMBALANCE_DETACH_TO"

    /// To be called before anything else. Returns in the process that does the work.
    package static func begin() {
        let words = CommandLine.arguments.prefix { $0 != "--" }
        guard words.contains(flag), getenv(variable) == nil else { return }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0, fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0,
            let worker = startWorker(telling: ends[1])
        else {
            Console.err("kvmbalance: \(flag): \(String(cString: strerror(errno)))")
            _exit(1)
        }
        close(ends[1])
        let said = FileHandle(fileDescriptor: ends[0]).readDataToEndOfFile()
        guard let run = Int64(String(decoding: said, as: UTF8.self)) else {
            _exit(status(of: worker))
        }
        if words.contains("json") || words.contains("--output=json") {
            try? Console.outJSON(["run": run])
        }
        _exit(0)
    }

    private static func startWorker(telling end: Int32) -> pid_t? {
        setenv(variable, "\(end)", 1)
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var worker: pid_t = 0
        errno = posix_spawn(&worker, "/proc/self/exe", nil, nil, &arguments, environ)
        return errno == 0 ? worker : nil
    }

    /// Of a command whose run never began: as the worker ended.
    private static func status(of worker: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(worker, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    /// In the process that does the work, when its run begins: nothing where no other waits for it.
    static func letGo(of run: RunID, watch: String) {
        guard let end = getenv(variable).flatMap({ Int32(String(cString: $0)) }) else { return }
        unsetenv(variable)
        Console.err("run \(run) goes on in the background: \(watch)")
        setsid()
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        for stream in 0...2 { dup2(nothing, Int32(stream)) }
        let number = Array("\(run)".utf8)
        _ = write(end, number, number.count)
        close(end)
    }
}
