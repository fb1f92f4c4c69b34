/// Addresses that mean the machine they are spoken on: the same words on another host lead to
/// another machine.
enum LocalAddress {
    /// `localhost`, `127.0.0.1`, `::1`, `[::1]`, `0.0.0.0` and similar.
    static func isLoopback(_ address: String) -> Bool {
        var name = address.lowercased()
        if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
            name = String(name[name.index(after: name.startIndex)..<end])
        }
        if name.hasSuffix(".") { name.removeLast() }
        if names.contains(name) || name.hasSuffix(".localhost") { return true }
        if name.hasPrefix("::ffff:") { name.removeFirst("::ffff:".count) }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil } && parts[0] == "127"
    }

    private static let names: Set<String> = [
        "localhost", "localhost.localdomain", "localhost4", "localhost6", "ip6-localhost",
        "ip6-loopback", "::1", "0:0:0:0:0:0:0:1", "::", "0.0.0.0",
    ]
}
