import ClusterModel
package import Foundation
package import PlacementPolicy

/// A host that a fleet file could have.
package struct HostCandidate: Hashable, Sendable {
    package var host: FleetHost
    /// What named it, for people.
    package var source: String
    /// Was it asked for? The others are tried, and left out where they do not answer.
    package var isAsked: Bool
}

/// Hosts that were named, or that the files of this machine know, each URI once.
package struct HostCandidates: Sendable {
    package private(set) var list: [HostCandidate] = []
    private let aliases: LibvirtAliases

    package init(aliases: LibvirtAliases) { self.aliases = aliases }

    /// By a libvirt URI, `NAME=URI`, an alias of libvirt's configuration, `NAME` or `USER@NAME`:
    /// the last two are reached by ssh, as root unless told otherwise.
    package mutating func ask(for word: String) throws {
        guard let host = try host(word) else {
            throw CommandError(
                "'\(word)' is no host: give a name, USER@NAME, a libvirt URI such as "
                    + "qemu+ssh://root@host1/system, or NAME=URI", exit: .usage)
        }
        add(host, "the command line", isAsked: true)
    }

    private func host(_ word: String) throws -> FleetHost? {
        guard let scheme = word.range(of: "://") else {
            if let uri = aliases.uris[word] { return FleetHost(name: HostName(word), uri: uri) }
            let parts = word.split(separator: "@", omittingEmptySubsequences: false)
            guard (1...2).contains(parts.count), parts.allSatisfy({ Self.isPlain($0) })
            else { return nil }
            let (user, name) = (
                parts.count == 2 ? parts[0] : "root", String(parts[parts.count - 1])
            )
            return FleetHost(name: HostName(name), uri: Self.ssh(name, user: String(user)))
        }
        if let equals = word[..<scheme.lowerBound].firstIndex(of: "=") {
            let (name, uri) = (String(word[..<equals]), String(word[equals...].dropFirst()))
            return name.isEmpty ? nil : FleetHost(name: HostName(name), uri: uri)
        }
        let address = FleetHost(name: "", uri: word).address
        guard !address.isEmpty else {
            throw CommandError(
                "'\(word)' has no name of a host in it: give it one, as in host1=\(word)",
                exit: .usage)
        }
        return FleetHost(name: HostName(NetworkAddress.bare(address)), uri: word)
    }

    /// Is it the name of a host or a user, and nothing that a URI or ssh would take for more? A
    /// parameter such as `?command=` makes libvirt execute what it names.
    private static func isPlain(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && !name.hasPrefix("-")
            && !name.contains { $0.isWhitespace || "/?#=,@%\\\"'".contains($0) }
    }

    /// Without a user it is the one that the configuration of ssh names.
    private static func ssh(_ name: String, user: String? = nil, port: Int? = nil) -> String {
        "qemu+ssh://\(user.map { "\($0)@" } ?? "")\(NetworkAddress.inURI(name))"
            + "\(port.map { ":\($0)" } ?? "")/system"
    }

    private mutating func add(_ host: FleetHost, _ source: String, isAsked: Bool) {
        guard !list.contains(where: { $0.host.uri == host.uri || $0.host.name == host.name })
        else { return }
        list.append(HostCandidate(host: host, source: source, isAsked: isAsked))
    }

    // MARK: What this machine knows

    /// Those of libvirt's own configuration.
    package mutating func addAliases() {
        for (name, uri) in aliases.uris.sorted(by: { $0.key < $1.key }) {
            add(FleetHost(name: HostName(name), uri: uri), aliases.place, isAsked: false)
        }
    }

    /// The names of `Host` lines (ssh_config(5)) that are no patterns.
    package mutating func add(sshConfig text: String, from place: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split { $0 == " " || $0 == "\t" || $0 == "=" }
            guard words.first?.lowercased() == "host" else { continue }
            for name in words.dropFirst()
            where Self.isPlain(name) && !name.contains(where: { "*!".contains($0) }) {
                add(
                    FleetHost(name: HostName(String(name)), uri: Self.ssh(String(name))), place,
                    isAsked: false)
            }
        }
    }

    // MARK: Ansible

    /// One group of an inventory, as `ansible-inventory --list` prints it.
    private struct Group: Decodable {
        var hosts: [String]?
        var children: [String]?
    }

    private struct Variables: Decodable {
        struct Host: Decodable {
            var ansible_host: String?
            var ansible_user: String?
            var ansible_port: Int?
        }
        var hostvars: [String: Host]?
    }

    /// The hosts of `group`, and of its children; they are asked for. nil is all.
    package mutating func add(
        inventory data: Data, group: String?, from place: String
    ) throws {
        let groups: [String: Group]
        let variables: Variables
        do {
            groups = try JSONDecoder().decode([String: Group].self, from: data)
            let meta = try JSONDecoder().decode([String: Ignored<Variables>].self, from: data)
            variables = meta["_meta"]?.value ?? Variables()
        } catch {
            throw CommandError(
                "\(place) is not an Ansible inventory in JSON: give what 'ansible-inventory -i "
                    + "FILE --list' prints")
        }
        if let group, groups[group] == nil {
            let known = groups.keys.filter { $0 != "_meta" }.sorted().joined(separator: ", ")
            throw CommandError("\(place) has no group '\(group)'; it has \(known)")
        }
        for name in names(in: group.map { [$0] } ?? groups.keys.sorted(), groups) {
            let known = variables.hostvars?[name]
            let (address, user) = (known?.ansible_host ?? name, known?.ansible_user ?? "root")
            if let odd = [address, user].first(where: { !Self.isPlain($0) }) {
                throw CommandError("\(place): '\(odd)' of host '\(name)' is not a plain name")
            }
            let uri = Self.ssh(address, user: user, port: known?.ansible_port)
            add(FleetHost(name: HostName(name), uri: uri), place, isAsked: true)
        }
    }

    private func names(in wanted: [String], _ groups: [String: Group]) -> [String] {
        var (names, seen, rest) = (Set<String>(), Set<String>(), wanted)
        while let name = rest.popLast() {
            guard seen.insert(name).inserted, let group = groups[name] else { continue }
            names.formUnion(group.hosts ?? [])
            rest += group.children ?? []
        }
        return names.sorted()
    }

    /// A value where there is one of this shape.
    private struct Ignored<Value: Decodable>: Decodable {
        var value: Value?
        init(from decoder: any Decoder) throws { value = try? Value(from: decoder) }
    }
}
