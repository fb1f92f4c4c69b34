/// What stands between `://` and the path of a URI: `root@[fd00::1]:2222`.
///
/// Source: RFC 3986, 3.2. Of several `@` the last parts user and host.
struct URIAuthority {
    /// In lower case, with the transport: `qemu+ssh`.
    let scheme: String
    /// A literal of IPv6 with its brackets; empty where there is none.
    let host: Substring
    /// With its colon: whatever stands behind the host, be it a port or not.
    let rest: Substring

    /// nil where the text has no `://`.
    init?(_ uri: String) {
        // Byte by byte: a fleet file of thousands of hosts asks for this several times for each.
        let bytes = uri.utf8
        guard
            let colon = bytes.indices.first(where: { bytes[$0...].starts(with: "://".utf8) })
        else { return nil }
        scheme = uri[..<colon].lowercased()
        let authority = uri[bytes.index(colon, offsetBy: 3)...].prefix {
            $0 != "/" && $0 != "?" && $0 != "#"
        }
        let place = authority.lastIndex(of: "@").map(authority.index(after:))
        let target = authority[(place ?? authority.startIndex)...]
        let bracket = target.hasPrefix("[") ? target.firstIndex(of: "]") : nil
        let end =
            bracket.map(target.index(after:)) ?? target.firstIndex(of: ":") ?? target.endIndex
        host = target[..<end]
        rest = target[end...]
    }

    /// A word of the scheme: the driver, or the transport behind it.
    var words: [Substring] { scheme.split(separator: "+") }
}
