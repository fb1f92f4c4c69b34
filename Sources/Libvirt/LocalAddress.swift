import ClusterModel

/// Addresses that mean the machine they are spoken on: the same words on another host lead to
/// another machine.
enum LocalAddress {
    /// `localhost`, `127.0.0.1`, `::1`, `[::1]`, `0.0.0.0` and similar, in brackets with a port
    /// behind them too.
    static func isLoopback(_ address: String) -> Bool {
        var name = address[...]
        if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
            name = name[..<end].dropFirst()
        }
        if name.hasSuffix(".") { name.removeLast() }
        return NetworkAddress(String(name))?.isLoopback == true
    }
}
