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
            let thread = Thread {
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
                    return continuation.resume(
                        returning: HostShellAnswer(output: "", errors: "\(error)"))
                }
                let said = output.fileHandleForReading.readDataToEndOfFile()
                let complained = errors.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(
                    returning: HostShellAnswer(
                        output: String(decoding: said, as: UTF8.self),
                        errors: String(decoding: complained, as: UTF8.self)
                            .trimmingCharacters(in: .whitespacesAndNewlines)))
            }
            thread.start()
        }
    }
}
