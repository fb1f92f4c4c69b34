/// A secret that libvirt keeps on a host, without its value.
package struct HostSecret: Hashable, Codable, Sendable {
    package var uuid: String
    /// libvirt's `<usage type>`: `ceph`, `iscsi`, `volume`, `vtpm`, `tls`; nil for `none`.
    package var usageType: String?
    /// What it is used for; unique among those of its type.
    package var usage: String?

    package init(uuid: String, usageType: String? = nil, usage: String? = nil) {
        self.uuid = uuid
        self.usageType = usageType
        self.usage = usage
    }
}

/// A secret that a domain cannot be started without, as its XML names it: by UUID or by usage.
package struct SecretNeed: Hashable, Codable, Sendable {
    package var uuid: String?
    package var usageType: String?
    package var usage: String?

    package init(uuid: String? = nil, usageType: String? = nil, usage: String? = nil) {
        self.uuid = uuid
        self.usageType = usageType
        self.usage = usage
    }

    /// libvirt looks it up by UUID where there is one, else by type and usage.
    package func isMet(by secret: HostSecret) -> Bool {
        if let uuid { return secret.uuid.lowercased() == uuid.lowercased() }
        return secret.usage == usage && (usageType == nil || secret.usageType == usageType)
    }

    /// For people: `6f1d… (ceph)`.
    package var text: String {
        (uuid ?? "for '\(usage ?? "?")'") + (usageType.map { " (\($0))" } ?? "")
    }
}

extension HostFacts {
    /// Those that it surely has not; empty where its secrets were not read.
    package func missing(_ needs: [SecretNeed]) -> [SecretNeed] {
        guard let secrets else { return [] }
        return needs.filter { need in !secrets.contains { need.isMet(by: $0) } }
    }
}
