import ClusterModel
import Foundation
import HypervisorInterface
import Testing

@testable import Operations

/// Commands of an operator as processes.
struct ShellCommandsTests {
    private struct NoShell: HostShell {
        let host: HostName = "here"
        func run(_ script: String) async -> HostShellAnswer {
            HostShellAnswer(output: "", errors: "")
        }
    }

    private let commands = ShellCommands(shell: NoShell())

    private func withLog(_ body: (String) async throws -> Void) async throws {
        let log = NSTemporaryDirectory() + "kvmbalance-command-\(UUID().uuidString).log"
        defer { try? FileManager.default.removeItem(atPath: log) }
        try await body(log)
    }

    @Test func itsEndAndItsLastWordsAreKnown() async throws {
        try await withLog { log in
            let first = await commands.run("echo one; echo two >&2; exit 3", log: log)
            #expect(first == .ended(status: 3, words: "one / two"))
            // A later one does not speak for the one before.
            #expect(await commands.run("true", log: log) == .ended(status: 0, words: ""))
            #expect(await commands.run("kill -9 $$", log: log) == .ended(status: 137, words: ""))
            let text = try String(contentsOfFile: log, encoding: .utf8)
            #expect(text == "one\ntwo\n")
            let mode = try FileManager.default.attributesOfItem(atPath: log)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func whatItLeavesRunningIsSeen() async throws {
        try await withLog { log in
            #expect(!commands.isRunning(log: log))
            let ending = await commands.run("sleep 3600 & echo $!", log: log)
            guard case .ended(0, let words) = ending, let process = Int32(words) else {
                Issue.record("\(ending)")
                return
            }
            // However late this test gets its turn among a thousand others.
            defer { kill(process, SIGKILL) }
            #expect(commands.isRunning(log: log))
            let second = await commands.run("true", log: log)
            kill(process, SIGKILL)
            guard case .notStarted(let reason) = second else {
                Issue.record("it was started beside the other")
                return
            }
            #expect(reason.contains("still runs"))
            for _ in 0..<500 where commands.isRunning(log: log) {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(!commands.isRunning(log: log))
        }
    }

    @Test func itStandsApartFromOurTerminalAndOurSignals() async throws {
        try await withLog { log in
            let ending = await commands.run(
                "cut -d ' ' -f 6 /proc/$$/stat | grep -qx $$ && ! read x", log: log)
            #expect(ending == .ended(status: 0, words: ""))
        }
        guard case .notStarted = await commands.run("true", log: "/nowhere/at/all.log") else {
            Issue.record("it was started without its log")
            return
        }
    }
}
