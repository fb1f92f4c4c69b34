import Foundation
import GRDB
import Testing

/// What the shells offer: names of the fleet's own file and databases, fast, and nothing that a
/// shell would execute.
struct CompletionTests {
    /// The candidates for the last of these words, as a shell script asks for them.
    private func offered(
        _ play: Playground, to command: String, _ argument: String, _ words: String...,
        script: String? = nil
    ) throws -> [String] {
        let line = ["kvmbalance", "--config", play.config] + words
        let asked =
            ["---completion"] + command.split(separator: " ").map(String.init)
            + ["--", argument, "\(line.count - 1)", "\(words.last?.utf8.count ?? 0)"] + line
        let ending = try Program(asked, in: play.folder, script: script).wait()
        #expect(ending.status == 0 && ending.errors.isEmpty, "\(ending.text)")
        return ending.output.split(separator: "\n").map(String.init)
    }

    @Test func hostsComeFromTheFleetFile() throws {
        let play = try Playground(isSampled: false)
        #expect(try offered(play, to: "drain", "positional@0", "drain", "").count == 3)
        #expect(
            try offered(play, to: "drain", "positional@0", "drain", "host1", "ho")
                == ["host2", "host3"])
        #expect(
            try offered(play, to: "drain", "--to", "drain", "host1", "--to", "host2,host3")
                == ["host2,host3"])
        #expect(!FileManager.default.fileExists(atPath: play.path("database/metrics.sqlite")))
        #expect(try offered(play, to: "move", "positional@0", "move", "").isEmpty)
        #expect(!FileManager.default.fileExists(atPath: play.path("database/metrics.sqlite")))
    }

    @Test func domainsAndRunsComeFromTheDatabases() throws {
        let play = try Playground()
        let domains = try offered(play, to: "move", "positional@0", "move", "")
        #expect(domains == (1...9).map { "vm00\($0)" })
        #expect(
            try offered(play, to: "explain", "positional@1", "explain", "1", "vm003") == ["vm003"])
        try play.must(0, "drain", "host1", "--yes")
        try play.must(0, "return", "host1", "--yes")
        #expect(
            try offered(play, to: "runs show", "positional@0", "runs", "show", "") == ["2", "1"])
        // Both are done.
        #expect(try offered(play, to: "runs resume", "positional@0", "runs", "resume", "").isEmpty)
        #expect(try offered(play, to: "runs stop", "positional@0", "runs", "stop", "").isEmpty)
    }

    @Test func whatIsOpenIsOfferedToBeResumed() throws {
        let play = try Playground(speed: 1)
        let program = try play.start("drain", "host1", "--yes")
        for _ in 1...200 {
            let open = try offered(play, to: "runs stop", "positional@0", "runs", "stop", "")
            if open == ["1"] { break }
            usleep(50_000)
        }
        kill(program.identifier, SIGKILL)
        _ = try program.wait()
        #expect(try offered(play, to: "runs resume", "positional@0", "runs", "resume", "") == ["1"])
        #expect(try offered(play, to: "runs abort", "positional@0", "runs", "abort", "") == ["1"])
    }

    /// Bash expands the words that it is offered.
    @Test func aNameThatAShellWouldExecuteIsLeftOut() throws {
        let play = try Playground()
        let names = [
            "$(touch owned)", "`id`", "a b", "-rf", "x;y", "$HOME", "new\nline", "plain-1",
        ]
        try rename(play, to: names)
        #expect(
            try offered(play, to: "move", "positional@0", "move", "").filter {
                !$0.hasPrefix("vm00")
            } == ["plain-1"])
        let script = play.path("script")
        let made = try Program(["--generate-completion-script", "bash"], in: play.folder).wait()
        try made.output.write(toFile: script, atomically: true, encoding: .utf8)
        let ending = try Program(
            [], in: play.folder,
            script: """
                cd '\(play.folder.path)' && kvmbalance() { '\(Program.path)' "$@"; }
                source '\(script)'
                COMP_WORDS=(kvmbalance move '') COMP_CWORD=2 COMP_LINE='kvmbalance move ' COMP_POINT=16
                _kvmbalance kvmbalance '' move
                printf '%s\\n' "${COMPREPLY[@]}"
                """
        ).wait()
        #expect(ending.output.contains("plain-1") && ending.output.contains("vm009"), "\(ending)")
        #expect(!FileManager.default.fileExists(atPath: play.path("owned")))
    }

    private func rename(_ play: Playground, to names: [String]) throws {
        let queue = try DatabaseQueue(path: play.path("database/metrics.sqlite"))
        try queue.write { database in
            for (number, name) in names.enumerated() {
                try database.execute(
                    sql: "UPDATE domain SET name = ? WHERE id = ?", arguments: [name, number + 1])
            }
        }
        try queue.close()
    }

    /// 100 ms are promised for the program that is installed, which `packaging/try-package`
    /// measures. This one is not optimised: it takes as long as its own start, and a little more.
    @Test func tenThousandDomainsAreOfferedAtOnce() throws {
        let play = try Playground()
        let queue = try DatabaseQueue(path: play.path("database/metrics.sqlite"))
        try queue.write { database in
            for number in 1...10_000 {
                try database.execute(
                    sql: """
                        INSERT INTO domain (uuid, name, newest)
                        SELECT ?, ?, max(newest) FROM domain
                        """, arguments: ["uuid-\(number)", "guest-\(number)"])
            }
        }
        try queue.close()
        let clock = ContinuousClock()
        func best(_ work: () throws -> Void) rethrows -> Duration {
            try (1...5).map { _ in try clock.measure(work) }.min() ?? .zero
        }
        let start = try best { _ = try play.run("--version") }
        let answer = try best {
            let offered = try offered(play, to: "move", "positional@0", "move", "")
            #expect(offered.count == 10_009)
        }
        #expect(answer < start + .milliseconds(250), "\(answer), of which \(start) to start")
    }
}
