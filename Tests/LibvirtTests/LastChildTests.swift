import Foundation
import Synchronization
import Testing

@testable import Libvirt

struct LastChildTests {
    /// One that ignores the polite signal, and one that is started because another has ended, as a
    /// connection is opened by whoever waited for one that broke. In a process of its own: it ends
    /// all children.
    @Test func noneIsLeftAtTheEnd() async {
        await #expect(processExitsWith: .success) {
            ChildProcesses.standApart()
            let stubborn = try Process.run(
                URL(fileURLWithPath: "/bin/sh"),
                arguments: ["-c", "trap '' TERM; while :; do sleep 0.1; done"])
            let successor = Mutex<pid_t?>(nil)
            let first = Process()
            first.executableURL = URL(fileURLWithPath: "/bin/sleep")
            first.arguments = ["60"]
            first.terminationHandler = { _ in
                let next = try? Process.run(
                    URL(fileURLWithPath: "/bin/sleep"), arguments: ["60"])
                successor.withLock { $0 = next?.processIdentifier }
            }
            try first.run()
            try await Task.sleep(for: .milliseconds(200))
            ChildProcesses.end()
            try await Task.sleep(for: .milliseconds(200))
            let last = successor.withLock { $0 }
            let next = try #require(last)
            let all = [stubborn.processIdentifier, first.processIdentifier, next]
            let alive = all.filter { kill($0, 0) == 0 }
            for child in alive { kill(child, SIGKILL) }
            exit(alive.isEmpty ? 0 : 1)
        }
    }
}
