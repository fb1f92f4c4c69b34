import ClusterModel
import Foundation
import HypervisorInterface
import Testing

@testable import Libvirt

@Suite("The log of a guest's own QEMU")
struct QEMULogTests {
    /// As libvirt 9.0 and QEMU write it: an older start, and one that failed.
    static let text = """
        2026-11-28 22:00:00.100+0000: starting up libvirt version: 9.0.0, qemu version: 7.2.0
        LC_ALL=C \\
        /usr/bin/qemu-system-x86_64 \\
        -msg timestamp=on
        2026-11-28T22:00:01.000000Z qemu-system-x86_64: an error of yesterday
        2026-11-29 10:00:00.100+0000: starting up libvirt version: 9.0.0, qemu version: 7.2.0
        LC_ALL=C \\
        /usr/bin/qemu-system-x86_64 \\
        -incoming defer
        char device redirected to /dev/pts/3 (label charserial0)
        2026-11-29T10:00:01.234567Z qemu-system-x86_64: -vnc 127.0.0.1:1: Failed to bind socket
        2026-11-29 10:00:01.300+0000: shutting down, reason=failed
        """
    private let begin = Timestamp("2026-11-29T10:00:30Z") ?? Timestamp(seconds: 0)

    @Test("Only what was written since, without libvirt's account of the start")
    func lines() {
        #expect(
            QEMULog.lastLines(of: Self.text, since: begin) == [
                "char device redirected to /dev/pts/3 (label charserial0)",
                "2026-11-29T10:00:01.234567Z qemu-system-x86_64: -vnc 127.0.0.1:1: Failed to bind "
                    + "socket",
            ])
        let later = begin.advanced(byMilliseconds: 3_600_000)
        #expect(QEMULog.lastLines(of: Self.text, since: later).isEmpty)
        #expect(QEMULog.lastLines(of: "", since: begin).isEmpty)
    }

    private final class Shell: HostShell {
        let host: HostName = "host1"
        func run(_ script: String) -> HostShellAnswer {
            HostShellAnswer(
                output: script.contains("'/var/log/libvirt/qemu/web 1.log'")
                    ? QEMULogTests.text : "", errors: "")
        }
    }

    @Test("Over ssh by the guest's name, which reaches no shell as anything else")
    func shell() async {
        let log = QEMULog(over: Shell())
        #expect(await log.lastLines(of: "web 1", since: begin).count == 2)
        for odd in ["web1", "a/b", "web 1'; reboot; '"] {
            #expect(await log.lastLines(of: odd, since: begin).isEmpty)
        }
    }

    @Test("From this machine's own folder, and from nowhere without ssh")
    func local() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "kvmbalance-log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Self.text.write(
            to: folder.appending(path: "web1.log"), atomically: true, encoding: .utf8)
        let log = QEMULog(over: nil, folder: folder.path)
        #expect(await log.lastLines(of: "web1", since: begin).count == 2)
        #expect(await log.lastLines(of: "web2", since: begin).isEmpty)
        #expect(QEMULog(host: "host1", uri: "qemu+tls://host1/system") == nil)
        #expect(QEMULog(host: "host1", uri: "qemu:///system") != nil)
        #expect(QEMULog(host: "host1", uri: "qemu+ssh://root@host1/system") != nil)
    }
}
