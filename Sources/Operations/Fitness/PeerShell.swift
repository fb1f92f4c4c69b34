import ClusterModel
import HypervisorInterface

/// Can root of a host open another host's libvirtd, as its own daemon would? For hosts that have
/// no domain with which the daemon itself could be asked.
enum PeerShell {
    static func reach(_ peerURI: String, by shell: any HostShell) async -> PeerReach {
        verdict(of: await shell.run(script(peerURI)))
    }

    static func script(_ peerURI: String) -> String {
        """
        if [ "$(id -u)" != 0 ]; then echo answer=user; exit; fi
        command -v virsh >/dev/null || { echo answer=none; exit; }
        timeout 20 virsh -c \(peerURI.quotedForShell) uri >/dev/null </dev/null && echo answer=yes
        """
    }

    static func verdict(of answer: HostShellAnswer) -> PeerReach {
        let lines = answer.output.split(separator: "\n")
        if lines.contains("answer=yes") { return .reached }
        if lines.contains("answer=user") {
            return .unproven("no domain there is shut off, and its shell is not root's")
        }
        if lines.contains("answer=none") {
            return .unproven("no domain there is shut off, and it has no virsh")
        }
        guard !answer.errors.isEmpty else { return .unproven("no answer within 20 s") }
        return .refused(answer.errors)
    }
}
