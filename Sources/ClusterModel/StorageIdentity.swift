/// What a pool's `identity` says, in parts that can be compared: two people describe one storage in
/// different words.
package struct StorageIdentity: Hashable, Sendable {
    /// `netfs:nfs`, `rbd`, `iscsi`, …
    package var kind: String
    /// What the servers keep: an exported folder, a pool, an IQN.
    package var share: String
    /// Without ports that go without saying.
    package var servers: Set<String>

    /// What two identities say of each other.
    package enum Relation: Hashable, Sendable {
        case same
        /// The same share, of servers that are written otherwise: they may be the same.
        case otherSpelling
        case different
    }

    /// Reads what `StoragePool.identity` holds; nil for anything else.
    package init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let type = String(text[..<colon])
        let rest = text[text.index(after: colon)...]
        switch type {
        case "netfs":
            // libvirt gives mount(8) no type for `auto`, and a server with a folder is NFS then.
            guard let end = rest.firstIndex(of: ":"),
                let parts = Self.halves(rest[rest.index(after: end)...], at: ":/")
            else { return nil }
            let format = rest[..<end] == "auto" ? "nfs" : String(rest[..<end])
            self.init("netfs:\(format)", servers: parts.0, share: parts.1, port: ["2049", "24007"])
        case "gluster":
            guard let parts = Self.halves(rest, at: ":/"),
                let name = parts.0.lastIndex(of: ":")
            else { return nil }
            let volume = parts.0[parts.0.index(after: name)...]
            self.init(
                type, servers: parts.0[..<name], share: "\(volume):" + parts.1, port: ["24007"])
        case "rbd", "sheepdog":
            guard let name = rest.lastIndex(of: ":") else { return nil }
            self.init(
                type, servers: rest[..<name], share: rest[rest.index(after: name)...],
                port: ["6789", "3300", "7000"])
        case "iscsi":
            // The names of targets have colons too, and begin in one of three ways (RFC 3720).
            let parts = [":iqn.", ":eui.", ":naa."].lazy.compactMap { Self.halves(rest, at: $0) }
            guard let (servers, target) = parts.first else { return nil }
            self.init(type, servers: servers, share: target, port: ["3260"])
        default: return nil
        }
    }

    private init(
        _ kind: String, servers: Substring, share: some StringProtocol, port: Set<String>
    ) {
        self.kind = kind
        self.share =
            share.hasSuffix("/") && share.count > 1 ? String(share.dropLast()) : String(share)
        self.servers = Set(servers.split(separator: ",").map { Self.server($0, port) })
    }

    /// The second half begins with the mark, without its colon.
    private static func halves(_ text: Substring, at mark: String) -> (Substring, Substring)? {
        guard let range = text.firstRange(of: mark) else { return nil }
        return (text[..<range.lowerBound], text[text.index(after: range.lowerBound)...])
    }

    private static func server(_ text: Substring, _ ports: Set<String>) -> String {
        var name = text.lowercased()
        if let colon = name.lastIndex(of: ":"), NetworkAddress(name) == nil,
            ports.contains(String(name[name.index(after: colon)...]))
        {
            name = String(name[..<colon])
        }
        if name.hasSuffix(".") { name.removeLast() }
        return switch NetworkAddress(name) {
        case .name, nil: name
        case .ipv4(let bytes): bytes.map(String.init).joined(separator: ".")
        case .ipv6(let words): words.map { String($0, radix: 16) }.joined(separator: ":")
        }
    }

    /// Their servers work as one, and know of each other: one in common is enough.
    private var isCluster: Bool {
        ["rbd", "sheepdog", "gluster", "netfs:glusterfs"].contains(kind)
    }

    /// Of two pools' identities as they stand in a snapshot.
    package static func relation(_ one: String, _ other: String) -> Relation {
        guard one != other else { return .same }
        guard let one = StorageIdentity(one), let other = StorageIdentity(other),
            one.kind == other.kind, one.share == other.share
        else { return .different }
        let isSame =
            one.isCluster
            ? !one.servers.isDisjoint(with: other.servers) : one.servers == other.servers
        return isSame ? .same : .otherSpelling
    }
}

/// A LUN by the name that udev gives it under `/dev/disk/by-path`.
package struct ISCSIDevice: Hashable, Sendable {
    /// `10.0.5.1:3260`
    package var portal: String
    /// The target's IQN.
    package var target: String

    /// nil for any other device.
    package init?(_ path: String) {
        let name = DiskImage.name(of: path)
        guard let start = name.firstRange(of: "-iscsi-"),
            let end = name.ranges(of: "-lun-").last, start.upperBound <= end.lowerBound
        else { return nil }
        let portal = name[..<start.lowerBound]
        guard let address = portal.ranges(of: "ip-").last?.upperBound else { return nil }
        self.portal = String(portal[address...])
        target = String(name[start.upperBound..<end.lowerBound])
    }

    /// Is the LUN one of this pool's? Each pool of a target has all of that target's.
    package func isOf(_ pool: StoragePool) -> Bool {
        guard let identity = pool.identity.flatMap({ StorageIdentity($0) }),
            identity.kind == "iscsi"
        else { return false }
        return identity.share == target
    }
}
