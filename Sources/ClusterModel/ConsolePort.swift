/// A TCP port of its host that a guest's QEMU listens on, for a console or a serial port.
package struct ConsolePort: Hashable, Codable, Sendable {
    package var port: Int
    /// Where it listens; nil where that was not told.
    package var address: String?
    /// libvirt chose it, and chooses another where the guest comes to; a given one is taken as it
    /// is, and QEMU ends where somebody has it.
    package var isAutomatic: Bool

    package init(port: Int, address: String? = nil, isAutomatic: Bool = false) {
        self.port = port
        self.address = address
        self.isAutomatic = isAutomatic
    }

    /// Which of its host's addresses it takes. Addresses of hosts differ, and are translated when a
    /// guest moves: they count as the same.
    private var reach: Reach {
        switch address {
        case "0.0.0.0", "::", nil: .everywhere
        case let own? where own.hasPrefix("127.") || own == "::1" || own == "localhost": .loopback
        case _?: .network
        }
    }

    private enum Reach { case everywhere, loopback, network }

    /// Can two of them not be on one host?
    package func clashes(with other: ConsolePort) -> Bool {
        port == other.port
            && (reach == other.reach || reach == .everywhere || other.reach == .everywhere)
    }
}
