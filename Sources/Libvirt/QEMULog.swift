package import ClusterModel
import Foundation
package import HypervisorInterface

/// The log that libvirt keeps of each guest's QEMU, in `/var/log/libvirt/qemu`. libvirt has no call
/// for it: it is read over ssh, or here where the host is this machine.
package struct QEMULog: GuestLog {
    private let shell: (any HostShell)?
    private let folder: String

    /// `shell` is nil for this machine.
    package init(over shell: (any HostShell)?, folder: String = "/var/log/libvirt/qemu") {
        self.shell = shell
        self.folder = folder
    }

    /// nil where the URI leads to another machine, or may, and not over ssh.
    package init?(host: HostName, uri: String) {
        if let shell = SecureShell(host: host, uri: uri) {
            self.init(over: shell)
        } else if uri.contains(":///"), !uri.contains("socket=") {
            self.init(over: nil)
        } else {
            return nil
        }
    }

    package func lastLines(of guest: String, since begin: Timestamp) async -> [String] {
        // No file has such a name, and no shell sees it.
        guard !guest.contains("/"), !guest.contains("'"), !guest.contains("\0") else { return [] }
        let path = "\(folder)/\(guest).log"
        if let shell {
            let answer = await shell.run("tail -c \(Self.mostBytes) '\(path)'")
            return Self.lastLines(of: answer.output, since: begin)
        }
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        let end = (try? file.seekToEnd()) ?? 0
        try? file.seek(toOffset: end > Self.mostBytes ? end - Self.mostBytes : 0)
        let bytes = (try? file.readToEnd()) ?? Data()
        return Self.lastLines(of: String(decoding: bytes, as: UTF8.self), since: begin)
    }

    private static let mostBytes: UInt64 = 16_384
    private static let mostLines = 3
    /// How far two clocks may be apart; the lines of an earlier start are older than that.
    private static let skewMilliseconds: Int64 = 60_000

    /// Without libvirt's own account of how it started QEMU: a line with the time and the versions,
    /// and a command line that is broken by backslashes.
    static func lastLines(of text: String, since begin: Timestamp) -> [String] {
        let start = begin.advanced(byMilliseconds: -skewMilliseconds).description.prefix(19)
        var lines: [String] = []
        var isNew = false
        var isCommand = false
        for line in text.split(whereSeparator: \.isNewline).map(String.init) {
            if let time = time(of: line) { isNew = time >= start }
            let continues = line.hasSuffix("\\")
            defer { isCommand = continues }
            guard isNew, !continues, !isCommand, !line.contains(": starting up libvirt version"),
                !line.contains(": shutting down, reason=")
            else { continue }
            lines.append(line)
        }
        return lines.suffix(mostLines).map { OutsideText.oneLine($0) }
    }

    /// `2026-11-29T10:00:00`, of a line of QEMU's or of libvirt's; nil where it begins otherwise.
    private static func time(of line: String) -> Substring? {
        guard let match = line.firstMatch(of: pattern) else { return nil }
        return Substring("\(match.1)T\(match.2)")
    }

    nonisolated(unsafe) private static let pattern =
        /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})/
}
