/// A part of a host that could not be read, with libvirt's words: what is in it is not known, which
/// is something else than nothing.
package struct UnreadPart: Hashable, Codable, Sendable {
    /// What its own driver serves, and with modular daemons a separate daemon.
    package enum Part: String, Hashable, Codable, Sendable {
        case networks, bridges, pools
    }

    package var part: Part
    package var reason: String

    package init(_ part: Part, reason: String) {
        self.part = part
        self.reason = OutsideText.reason(reason)
    }

    /// For people; `whose` stands for the host.
    package func detail(of whose: String = "its") -> String {
        "\(whose) \(noun) could not be read: \(reason)"
    }

    /// What to type on that host. libvirt names the socket of a daemon that does not run
    /// (`virnetsocket.c`: "Failed to connect socket to '…/virtnetworkd-sock'").
    package func remedy(on host: String = "there") -> String {
        reason.contains("\(daemon)-sock")
            ? "start \(daemon) \(host): systemctl enable --now \(daemon).socket"
            : "make them readable \(host): virsh \(listing) shows the error, and modular daemons "
                + "need: systemctl enable --now \(daemon).socket"
    }

    private var noun: String {
        switch part {
        case .networks: "libvirt networks"
        case .bridges: "bridges"
        case .pools: "storage pools"
        }
    }

    private var daemon: String {
        switch part {
        case .networks: "virtnetworkd"
        case .bridges: "virtinterfaced"
        case .pools: "virtstoraged"
        }
    }

    private var listing: String {
        switch part {
        case .networks: "net-list"
        case .bridges: "iface-list"
        case .pools: "pool-list"
        }
    }
}

extension HostFacts {
    /// nil where it was read.
    package func unread(_ part: UnreadPart.Part) -> UnreadPart? {
        unread?.first { $0.part == part }
    }
}
