import Foundation
import Glibc

/// This machine, and this start of it.
package struct MachineIdentity: Hashable, Sendable {
    /// `/etc/machine-id`; its name where there is none.
    package var machine: String
    /// Another one after each start of the machine; `unknown` where a sandbox hides it.
    package var boot: String
    /// For people.
    package var name: String

    package static let present = MachineIdentity(
        machine: read("/etc/machine-id") ?? hostName.filter { !$0.isWhitespace },
        boot: read("/proc/sys/kernel/random/boot_id") ?? unknown, name: hostName)

    /// A boot that is not known.
    static let unknown = "unknown"

    private static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "this machine" }
        return buffer.withUnsafeBufferPointer { text in
            text.baseAddress.map { String(cString: $0) } ?? ""
        }
    }

    private static func read(_ path: String) -> String? {
        let text = (try? String(contentsOfFile: path, encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return text?.isEmpty == true ? nil : text
    }
}

/// A process as others may meet it later: its number alone may be another's by then.
package struct ProcessOrigin: Hashable, Sendable {
    package var machine: String
    package var boot: String
    /// When it was started, in ticks since the machine was.
    package var start: UInt64

    /// This process.
    static var present: ProcessOrigin {
        ProcessOrigin(
            machine: MachineIdentity.present.machine, boot: MachineIdentity.present.boot,
            start: start(of: getpid()) ?? 0)
    }

    /// Was it started on this machine since that booted?
    package var isHere: Bool {
        let here = MachineIdentity.present
        let isSameBoot = boot == here.boot || [boot, here.boot].contains(MachineIdentity.unknown)
        return machine == here.machine && isSameBoot
    }

    /// Is the process that has this number now the same one?
    func isStill(_ process: Int32) -> Bool { isHere && Self.start(of: process) == start }

    /// Field 22 of proc(5)'s stat; the second holds the program's name, with any character.
    private static func start(of process: Int32) -> UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? UInt64(fields[19]) : nil
    }
}

extension ProcessOrigin {
    /// One line of a file.
    var text: String { "\(machine) \(boot) \(start)" }

    init?(_ text: Substring) {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 3, let start = UInt64(parts[2]) else { return nil }
        self.init(machine: parts[0], boot: parts[1], start: start)
    }
}
