package import ClusterModel
import Foundation
package import HypervisorInterface

/// ssh to a host whose libvirt URI goes over ssh, with the same user and port.
package struct SecureShell: HostShell {
    package let host: HostName
    private let words: [String]

    /// nil where the URI does not go over ssh.
    package init?(host: HostName, uri: String) {
        guard let words = Self.command(for: uri) else { return nil }
        self.init(host: host, words: words)
    }

    /// The shell of this machine, in its host's place.
    package static let here = SecureShell(host: "this machine", words: ["sh", "-c"])

    /// These words go before the script.
    init(host: HostName, words: [String]) {
        self.host = host
        self.words = words
    }

    /// `ssh` to the host of a libvirt URI, unattended.
    static func command(for uri: String) -> [String]? {
        guard let parts = URLComponents(string: uri), parts.scheme?.hasSuffix("+ssh") == true,
            let name = parts.host
        else { return nil }
        var words = [
            "ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "ControlMaster=no",
        ]
        if let port = parts.port { words += ["-p", "\(port)"] }
        let user = parts.user.map { "\($0)@" } ?? ""
        return words + ["--", user + name.trimmingCharacters(in: ["[", "]"])]
    }

    /// On its own thread: waiting for a process blocks.
    package func run(_ script: String) async -> HostShellAnswer {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: answer(to: script)) }
            thread.start()
        }
    }

    private func answer(to script: String) -> HostShellAnswer {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "30"] + words + [script]
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        do {
            try process.run()
        } catch {
            return HostShellAnswer(output: "", errors: "\(error)")
        }
        // Both at once: who writes much to one that nobody reads never comes to the other.
        let complained = PipeText(errors)
        let said = PipeText(output)
        defer { process.waitUntilExit() }
        return HostShellAnswer(
            output: said.whole(),
            errors: complained.whole().trimmingCharacters(in: .whitespacesAndNewlines))
    }
}

/// The text that comes out of a pipe, read on its own thread to the end, and kept up to a bound:
/// what a host writes is its affair, and our memory is not.
private final class PipeText: @unchecked Sendable {
    private static let mostBytes = 1 << 20

    private let end = DispatchSemaphore(value: 0)
    private var bytes = Data()

    init(_ pipe: Pipe) {
        let handle = pipe.fileHandleForReading
        let thread = Thread { [self] in
            while let piece = try? handle.read(upToCount: 65_536), !piece.isEmpty {
                bytes += piece.prefix(max(0, Self.mostBytes - bytes.count))
            }
            end.signal()
        }
        thread.start()
    }

    /// Waits for its end. To be called once.
    func whole() -> String {
        end.wait()
        return String(decoding: bytes, as: UTF8.self)
    }
}
