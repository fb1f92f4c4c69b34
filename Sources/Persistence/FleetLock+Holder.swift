package import Execution
import Foundation
import Glibc

extension FleetLock {
    /// Who has the lock.
    package struct Holder: Hashable, Sendable {
        /// nil in the instant between locking and writing.
        package var process: Int32?
        package var purpose: String
        /// The run that it drives; nil while it has none, as while a plan is made.
        package var run: RunID?
        /// The rolling reboot that the run belongs to.
        package var reboot: RunID?
        /// nil where an older version wrote it.
        package var origin: ProcessOrigin?

        /// What 'runs stop' and 'runs abort' name.
        package var whole: RunID? { reboot ?? run }

        package func drives(_ wanted: RunID) -> Bool { run == wanted || reboot == wanted }

        package var description: String {
            let who = process.map { "process \($0)" } ?? "another process"
            let place = origin?.isHere == false ? " of another machine" : ""
            return purpose.isEmpty ? who + place : "\(who)\(place) (\(purpose))"
        }

        /// Sends the process a signal; false where nobody can tell whether the process of this
        /// number is still the one that took the lock.
        package func send(_ signal: Int32) -> Bool {
            // Anything but another process's number would reach whole groups of processes.
            guard let process, process > 1, let origin, origin.isStill(process) else {
                return false
            }
            return kill(process, signal) == 0
        }
    }
}

extension FleetLock.Holder {
    /// Process, purpose, run, origin and rolling reboot, a line each.
    var text: String {
        let lines = [
            process.map { "\($0)" }, purpose, run.map { "\($0)" }, origin.map(\.text),
            reboot.map { "\($0)" },
        ]
        return lines.map { ($0 ?? "") + "\n" }.joined()
    }

    init(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        func line<Value>(_ number: Int, _ read: (Substring) -> Value?) -> Value? {
            lines.count > number ? read(lines[number]) : nil
        }
        self.init(
            process: line(0) { Int32($0) }, purpose: line(1) { String($0) } ?? "",
            run: line(2) { Int64($0).map { RunID($0) } },
            reboot: line(4) { Int64($0).map { RunID($0) } }, origin: line(3) { ProcessOrigin($0) })
    }

    /// A lock is empty while nobody has it, and begins with the number of a process.
    static func isOurs(_ text: String) -> Bool {
        let first = text.split(separator: "\n", omittingEmptySubsequences: false).first ?? ""
        return text.isEmpty || Int32(first) != nil
    }
}
