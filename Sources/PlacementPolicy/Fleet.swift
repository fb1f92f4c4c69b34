package import ClusterModel

/// The fleet file, `kvmbalance.yaml`: which hosts there are, how to reach them, where our own files
/// lie.
package struct Fleet: Hashable, Sendable {
    package var hosts: [FleetHost]
    /// Folder of the metrics and journal databases.
    package var database: String
    /// Policy file for commands that are not told another; nil is the built-in drain policy.
    package var policy: String?
    /// Mounts that no libvirt pool describes, with the operator's word that they are shared.
    package var sharedStorage: [SharedStorage]
    package var retention = Retention()
    /// Seconds in which a host has to accept a connection before it counts as unreachable; nil for
    /// the usual limit.
    package var connectTimeout: Int64?

    package static let defaultDatabase = "/var/lib/kvmbalance"

    package init(
        hosts: [FleetHost], database: String = Fleet.defaultDatabase, policy: String? = nil,
        sharedStorage: [SharedStorage] = []
    ) {
        self.hosts = hosts
        self.database = database
        self.policy = policy
        self.sharedStorage = sharedStorage
    }
}

/// One host of the fleet file.
package struct FleetHost: Hashable, Sendable {
    package var name: HostName
    /// libvirt URI as this machine reaches the host.
    package var uri: String
    /// libvirt URI as the other hosts reach it, when that is another one.
    package var peerURI: String?
    package var migrationAddress: String?
    package var linkMbps: Int
    /// Does the fleet file leave the link's speed to what the host tells?
    package var isLinkAssumed = false
    package var zone: ZoneName?
    package var reserve: Reserve?
    /// The name in its certificate for encrypted migrations, when that is another one than
    /// `tlsDestination` finds.
    package var tlsName: String?

    package static let defaultLinkMbps = 1000

    package init(
        name: HostName, uri: String, peerURI: String? = nil, migrationAddress: String? = nil,
        linkMbps: Int = FleetHost.defaultLinkMbps, zone: ZoneName? = nil, reserve: Reserve? = nil
    ) {
        self.name = name
        self.uri = uri
        self.peerURI = peerURI
        self.migrationAddress = migrationAddress
        self.linkMbps = linkMbps
        self.zone = zone
        self.reserve = reserve
    }

    /// The host part of the URI, without user and port: `host1` of
    /// `qemu+ssh://root@host1:22/system`.
    package var address: String {
        let host = URIAuthority(uri)?.host ?? ""
        return host.isEmpty ? name.rawValue : String(host)
    }
}

extension FleetHost {
    /// The `migrate_uri` of migrations to it.
    package var migrateURI: String {
        "tcp://\(NetworkAddress.inURI(migrationAddress ?? address))"
    }

    /// The name that its certificate is checked for in encrypted migrations; nil for the host part
    /// of `migrateURI`. Certificates are made for names: where migrations go to an address of
    /// another network, it is the name by which libvirt is reached.
    package var tlsDestination: String? {
        if let tlsName { return tlsName }
        guard let migrationAddress, let goal = NetworkAddress(migrationAddress),
            case .name = NetworkAddress(address)
        else { return nil }
        switch goal {
        case .name: return nil
        case .ipv4, .ipv6: return address
        }
    }

    /// The name or address that its certificate for migrations must have.
    package var certifiedName: String {
        tlsDestination ?? NetworkAddress.bare(migrationAddress ?? address)
    }

    /// Its own address, then that of its migration network, as consoles have them.
    package var bareAddresses: [String] {
        [address, migrationAddress ?? address].map(NetworkAddress.bare)
    }
}

/// How long the metrics database keeps what it has, each in seconds. Raw samples are rolled up into
/// the coarser ones before they go.
package struct Retention: Hashable, Sendable {
    package var raw: Int64 = 3 * 86_400
    package var minutes: Int64 = 14 * 86_400
    package var fiveMinutes: Int64 = 90 * 86_400
    package var hours: Int64 = 730 * 86_400

    package init() {}
}
