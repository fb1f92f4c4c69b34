import Foundation
import TestSupport
import Testing

/// The ssh of a connection: a terminal's Ctrl-C is not for it, and it ends with kvmbalance.
@Suite(.timeLimit(.minutes(1)))
struct ChildProcessTests {
    /// A fleet of one host, and an ssh that does as the test says and writes down what it meets.
    final class Ground {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kvmbalance-ssh-\(UUID().uuidString)")
        var log: String { folder.appendingPathComponent("log").path }
        var config: String { folder.appendingPathComponent("kvmbalance.yaml").path }

        init(uri: String, ssh script: String) throws {
            let programs = folder.appendingPathComponent("bin")
            try FileManager.default.createDirectory(
                at: programs, withIntermediateDirectories: true)
            try """
            hosts: [{name: host1, uri: "\(uri)"}]
            database: db
            """.write(toFile: config, atomically: true, encoding: .utf8)
            let ssh = programs.appendingPathComponent("ssh").path
            try """
            #!/bin/sh
            log() { echo "$*" >>'\(log)'; }
            \(script)
            """.write(toFile: ssh, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: ssh)
        }

        deinit {
            // Whatever was left behind, by its own number, if it still is who it was.
            for line in seen.split(separator: "\n") where line.hasPrefix("begun ") {
                let path = "/proc/\(line.dropFirst(6))/cmdline"
                let words = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
                guard words.contains(folder.lastPathComponent),
                    let process = pid_t(line.dropFirst(6))
                else { continue }
                kill(process, SIGKILL)
            }
            try? FileManager.default.removeItem(at: folder)
        }

        func start(_ words: String...) throws -> TerminalProgram {
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            return try TerminalProgram(
                words + ["--config", config],
                environment: ["PATH": folder.appendingPathComponent("bin").path + ":" + path])
        }

        var seen: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

        func sees(_ words: String) throws {
            for _ in 0..<1000 where !seen.contains(words) { usleep(10_000) }
            if !seen.contains(words) { throw Impossible("'\(words)' never came, but: \(seen)") }
        }
    }

    /// One that is there until it is ended.
    private static let patient = """
        trap 'log interrupted' INT
        trap 'log hung up' HUP
        trap 'log ended; exit' TERM
        log "begun $$"
        while :; do sleep 0.1; done
        """

    @Test func ctrlCIsNotForIt() throws {
        let ground = try Ground(uri: "qemu+ssh://root@nowhere/system", ssh: Self.patient)
        let collector = try ground.start("collect")
        try ground.sees("begun")
        collector.types("\u{3}")
        #expect(collector.wait() == 0, "\(collector.seen)")
        #expect(!ground.seen.contains("interrupted"), "\(ground.seen)")
        // It is over before kvmbalance is: systemd would kill it.
        #expect(ground.seen.contains("ended"), "\(ground.seen)")
    }

    @Test func aClosedTerminalIsNotForIt() throws {
        let ground = try Ground(uri: "qemu+ssh://root@nowhere/system", ssh: Self.patient)
        let collector = try ground.start("collect")
        try ground.sees("begun")
        collector.closeTerminal()
        _ = collector.wait()
        try ground.sees("ended")
        #expect(!ground.seen.contains("hung up"), "\(ground.seen)")
    }

    /// Only the terminal's foreground may read from it; any other is stopped.
    @Test func itCanAskAtTheTerminalWhereItsURISaysSo() throws {
        let ground = try Ground(
            uri: "qemu+ssh://root@nowhere/system?no_tty=0",
            ssh: """
                log "begun $$"
                read -r answer </dev/tty
                log "answered $answer"
                exit 1
                """)
        let status = try ground.start("status")
        try ground.sees("begun")
        status.types("secret\n")
        try ground.sees("answered secret")
        #expect(status.wait() == 0)
        #expect(status.seen.contains("unreachable"), "\(status.seen)")
    }
}
