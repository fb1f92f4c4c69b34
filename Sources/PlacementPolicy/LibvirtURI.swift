import ClusterModel

/// What a libvirt URI asks for beside a host.
///
/// Source: `doRemoteOpen` in libvirt's `remote_driver.c` and `virURIParseParams` in `viruri.c`
/// (9.0.0): parameters stand behind `?`, are parted by `&` or `;`, may be written in percents, and
/// their names are compared without regard to case.
package enum LibvirtURI {
    /// A parameter that only a trusted file may have.
    package struct Privileged: Hashable, Sendable {
        /// As libvirt calls it.
        package var name: String
        package var effect: Effect
    }

    /// Why it is privileged.
    package enum Effect: String, Hashable, Sendable {
        case runsHere = "runs a program on this machine"
        case runsThere = "runs a program on the host"
        case trusts = "changes how the host's identity is checked"
        case weakens = "changes how the connection is encrypted"
        /// Nobody but whoever types the command may say that.
        case identifies = "chooses the key that kvmbalance logs in with"
        case leads = "chooses what kvmbalance talks to instead of the host's daemon"
    }

    private static let effects: [String: Effect] = [
        "command": .runsHere, "netcat": .runsThere,
        "no_verify": .trusts, "known_hosts": .trusts, "known_hosts_verify": .trusts,
        "no_sanity": .trusts, "pkipath": .trusts, "tls_priority": .weakens,
    ]
    /// What a file of the caller's may say too.
    private static let personalEffects: [String: Effect] = [
        "keyfile": .identifies, "proxy": .leads, "socket": .leads,
    ]
    /// Those of ssh and of libvirt's daemon over TCP and TLS.
    private static let daemonPorts = ["22", "16509", "16514"]
    /// A URI within a URI may have one within, and nobody needs more.
    private static let depth = 4

    /// Does it lead to the daemon of whichever machine opens it, and to no other? QEMU's alone:
    /// nothing else migrates. A socket or a port of one's own choice may be the near end of a
    /// tunnel to another machine.
    package static func isLocal(_ uri: String) -> Bool {
        guard let authority = URIAuthority(uri), authority.words.first == "qemu" else {
            return false
        }
        guard !authority.host.isEmpty || !authority.rest.isEmpty else {
            return parameters(of: uri).allSatisfy { $0.name != "socket" || isOwnSocket($0.value) }
        }
        let (address, port) = (authority.host, authority.rest.dropFirst())
        let name = address.hasSuffix(".") ? address.dropLast() : address
        return NetworkAddress(String(name))?.isLoopback == true
            && (port.isEmpty || daemonPorts.contains(String(port)))
    }

    /// What is wrong with a host's URI; nil where libvirt may understand it.
    package static func fault(in uri: String) -> String? {
        guard let authority = URIAuthority(uri) else { return nil }
        let scheme = authority.words
        if let other = scheme.first, otherHypervisors.contains(String(other)) {
            return "'\(other)' is no QEMU: only qemu:// and its transports, such as qemu+ssh://, "
                + "can be managed"
        }
        guard scheme.first == "qemu" else { return nil }
        guard !uri.contains(where: \.isWhitespace) else { return "it has a space in it" }
        if let transport = scheme.dropFirst().first,
            !transports.contains(String(transport))
        {
            return "libvirt has no transport '\(transport)': \(transports.joined(separator: ", "))"
        }
        let (host, port) = (authority.host, authority.rest)
        if !host.hasPrefix("["), port.count(where: { $0 == ":" }) > 1 {
            return "an IPv6 address needs brackets: [\(host)\(port)]"
        }
        guard port.isEmpty || port.first == ":" && UInt16(port.dropFirst()).map({ $0 > 0 }) == true
        else { return "'\(port)' is no port" }
        return nil
    }

    private static let transports = ["ssh", "tls", "tcp", "unix", "libssh", "libssh2", "ext"]
    private static let otherHypervisors: Set<String> = [
        "xen", "xenapi", "esx", "gsx", "vpx", "hyperv", "lxc", "vbox", "vz", "openvz", "bhyve",
        "ch",
        "vmwareplayer", "vmwarews", "vmwarefusion", "phyp", "http", "https", "ssh",
    ]

    private static func isOwnSocket(_ path: String) -> Bool {
        ["/run/libvirt/", "/var/run/libvirt/"].contains { path.hasPrefix($0) }
    }

    /// In their order in the URI. Those of its `name`, which the host's own daemon opens, count
    /// too: what they run, they run there.
    package static func privileged(in uri: String) -> [Privileged] {
        privileged(in: uri, of: effects, depth: depth)
    }

    /// The same for what a file may say that belongs to whoever types the command, or to root.
    package static func personal(in uri: String) -> [Privileged] {
        privileged(in: uri, of: personalEffects, depth: depth)
    }

    private static func privileged(
        in uri: String, of effects: [String: Effect], depth: Int
    ) -> [Privileged] {
        parameters(of: uri).flatMap { name, value -> [Privileged] in
            if let effect = effects[name] { return [Privileged(name: name, effect: effect)] }
            guard name == "name" else { return [] }
            guard depth > 0 else { return [Privileged(name: name, effect: .runsThere)] }
            return privileged(in: value, of: effects, depth: depth - 1).map {
                Privileged(name: $0.name, effect: $0.effect == .runsHere ? .runsThere : $0.effect)
            }
        }
    }

    /// Names in lower case, with their values.
    private static func parameters(of uri: String) -> [(name: String, value: String)] {
        let beforeFragment = uri.prefix { $0 != "#" }
        guard let start = beforeFragment.firstIndex(of: "?") else { return [] }
        return beforeFragment[start...].dropFirst().split { $0 == "&" || $0 == ";" }.map {
            let parts = $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (unescaped(parts[0]).lowercased(), parts.count > 1 ? unescaped(parts[1]) : "")
        }
    }

    /// As libxml2 does it: two hexadecimal digits behind a percent sign are a byte, all else stays;
    /// C ends the word at a zero byte.
    private static func unescaped(_ text: Substring) -> String {
        let bytes = Array(text.utf8)
        var plain: [UInt8] = []
        var place = 0
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "%"), place + 2 < bytes.count,
                let high = digit(bytes[place + 1]), let low = digit(bytes[place + 2])
            {
                plain.append(high << 4 | low)
                place += 3
            } else {
                plain.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: plain.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
