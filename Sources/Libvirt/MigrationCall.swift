internal import CLibvirt
import ClusterModel
import HypervisorInterface

/// A migration request in libvirt's terms: flags and parameters.
struct MigrationCall: Hashable, Sendable {
    /// Who drives it.
    enum Route: Hashable, Sendable {
        /// The source's daemon, which connects to the target's itself: it goes on when we die.
        case peerToPeer
        /// This process, which is connected to both.
        case managed
    }

    var flags: UInt32
    var migrateURI: String?
    var bandwidth: UInt64?
    var connections: Int32?

    /// Refuses what libvirt would refuse, or silently not do, with a reason that says why.
    init(_ request: MigrationRequest, route: Route) throws(LibvirtFailure) {
        let options = request.options
        try Self.check(request, route: route)
        flags = VIR_MIGRATE_LIVE.rawValue
        if route == .peerToPeer { flags |= VIR_MIGRATE_PEER2PEER.rawValue }
        // Both or none: either alone leaves a definition on two hosts, or on none after the
        // guest's next shutdown.
        if request.isPersistent {
            flags |= VIR_MIGRATE_PERSIST_DEST.rawValue | VIR_MIGRATE_UNDEFINE_SOURCE.rawValue
        }
        let choices: [(Bool, virDomainMigrateFlags)] = [
            (options.suspend, VIR_MIGRATE_PAUSED),
            (options.unsafe, VIR_MIGRATE_UNSAFE),
            (options.tunnelled, VIR_MIGRATE_TUNNELLED),
            (options.autoConverge, VIR_MIGRATE_AUTO_CONVERGE),
            (options.mayEndInPostcopy, VIR_MIGRATE_POSTCOPY),
            (options.tls, VIR_MIGRATE_TLS),
            (options.parallel != nil, VIR_MIGRATE_PARALLEL),
            (request.mode == .storage, VIR_MIGRATE_NON_SHARED_DISK),
        ]
        for (isWanted, flag) in choices where isWanted { flags |= flag.rawValue }
        // A tunnel goes through libvirtd: libvirt forbids an address then.
        migrateURI = options.tunnelled ? nil : request.migrateURI
        bandwidth = options.bandwidth.flatMap { UInt64(exactly: $0) }
        connections = options.parallel.map { Int32(clamping: $0) }
    }

    private static func check(
        _ request: MigrationRequest, route: Route
    ) throws(LibvirtFailure) {
        let options = request.options
        let tunnelled = options.tunnelled
        let impossible: [(Bool, String)] = [
            (request.mode == .offline, "a cold (offline) migration is not implemented yet"),
            (
                !tunnelled && request.migrateURI.isEmpty,
                "no migrate URI: the target's own idea of its name would be used"
            ),
            (tunnelled && route == .managed, "a tunnel needs the peer-to-peer route"),
            (tunnelled && request.mode == .storage, "disks can not be copied through a tunnel"),
            (tunnelled && options.parallel != nil, "a tunnel has one connection, not several"),
            (tunnelled && options.mayEndInPostcopy, "post-copy does not work through a tunnel"),
            (
                options.mayEndInPostcopy && options.suspend,
                "post-copy runs the guest on the target: it "
                    + "can not be left paused there"
            ),
            (options.parallel.map { $0 < 1 } ?? false, "less than one parallel connection"),
            (options.bandwidth.map { $0 < 1 } ?? false, "a bandwidth below 1 MiB/s"),
        ]
        if let (_, reason) = impossible.first(where: \.0) {
            throw .refused(reason, kind: .unsupported)
        }
    }

    func parameters() throws(LibvirtFailure) -> ParameterList {
        let list = ParameterList()
        if let migrateURI { try list.add(VIR_MIGRATE_PARAM_URI, migrateURI) }
        if let bandwidth { try list.add(VIR_MIGRATE_PARAM_BANDWIDTH, bandwidth) }
        if let connections { try list.add(VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS, connections) }
        return list
    }
}
