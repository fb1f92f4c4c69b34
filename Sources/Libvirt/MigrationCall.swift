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
    var tlsDestination: String?
    var bandwidth: UInt64?
    var postcopyBandwidth: UInt64?
    var connections: Int32?
    var compression: MigrationCompression?
    var disks: [String] = []

    /// Refuses what libvirt would refuse, or silently not do, with a reason that says why.
    init(_ request: MigrationRequest, route: Route) throws(LibvirtFailure) {
        let options = request.options
        try Self.check(request, route: route)
        // Of a domain that does not run there is nothing that could go on living.
        flags =
            request.mode == .offline ? VIR_MIGRATE_OFFLINE.rawValue : VIR_MIGRATE_LIVE.rawValue
        if route == .peerToPeer { flags |= VIR_MIGRATE_PEER2PEER.rawValue }
        // Both or none: either alone leaves a definition on two hosts, or on none after the
        // guest's next shutdown. Whoever keeps it at first undefines it without losing its files.
        if request.isPersistent {
            flags |= VIR_MIGRATE_PERSIST_DEST.rawValue
            if !request.keepsDefinition { flags |= VIR_MIGRATE_UNDEFINE_SOURCE.rawValue }
        }
        guard request.mode != .offline else {
            migrateURI = request.migrateURI
            return
        }
        let isStorage = request.mode == .storage
        let choices: [(Bool, virDomainMigrateFlags)] = [
            (options.suspend, VIR_MIGRATE_PAUSED),
            (options.unsafe, VIR_MIGRATE_UNSAFE),
            (options.tunnelled, VIR_MIGRATE_TUNNELLED),
            (options.autoConverge, VIR_MIGRATE_AUTO_CONVERGE),
            (options.mayEndInPostcopy, VIR_MIGRATE_POSTCOPY),
            (options.tls, VIR_MIGRATE_TLS),
            (options.parallel != nil, VIR_MIGRATE_PARALLEL),
            (isStorage && !request.isTopLayer, VIR_MIGRATE_NON_SHARED_DISK),
            (isStorage && request.isTopLayer, VIR_MIGRATE_NON_SHARED_INC),
            (options.compression != nil, VIR_MIGRATE_COMPRESSED),
        ]
        for (isWanted, flag) in choices where isWanted { flags |= flag.rawValue }
        // A tunnel goes through libvirtd: libvirt forbids an address then.
        migrateURI = options.tunnelled ? nil : request.migrateURI
        tlsDestination = options.tls ? request.tlsDestination : nil
        bandwidth = options.bandwidth.flatMap { UInt64(exactly: $0) }
        postcopyBandwidth = options.postcopyBandwidth.flatMap { UInt64(exactly: $0) }
        connections = options.parallel.map { Int32(clamping: $0) }
        compression = options.compression
        disks = isStorage ? request.copies : []
    }

    private static func check(
        _ request: MigrationRequest, route: Route
    ) throws(LibvirtFailure) {
        var options = request.options
        options.route = route == .managed ? .managed : .peerToPeer
        if let rule = MigrationRules.broken(by: options).first {
            throw .refused(rule.text(in: .commandLine), kind: .unsupported)
        }
        let impossible: [(Bool, String)] = [
            (
                request.mode == .offline && !request.isPersistent,
                "a transient domain has no definition to move"
            ),
            (
                !options.tunnelled && request.migrateURI.isEmpty,
                "no migrate URI: the target would choose one by its own host name"
            ),
            (
                options.tunnelled && request.mode == .storage,
                "disks cannot be copied through a tunnel"
            ),
            (
                request.mode == .storage && request.copies.isEmpty,
                "no disk is named to be copied, and libvirt would choose differently"
            ),
            (options.parallel.map { $0 < 1 } ?? false, "less than one parallel connection"),
            (options.bandwidth.map { $0 < 1 } ?? false, "a bandwidth below 1 MiB/s"),
        ]
        if let (_, reason) = impossible.first(where: \.0) {
            throw .refused(reason, kind: .unsupported)
        }
    }

    /// The call that takes up a post-copy which lost its link: as it was begun, and told so
    /// (libvirt 8.5 and newer).
    var resuming: Self {
        var call = self
        call.flags |= VIR_MIGRATE_POSTCOPY.rawValue | VIR_MIGRATE_POSTCOPY_RESUME.rawValue
        return call
    }

    func parameters() throws(LibvirtFailure) -> ParameterList {
        let list = ParameterList()
        if let migrateURI { try list.add(VIR_MIGRATE_PARAM_URI, migrateURI) }
        if let tlsDestination { try list.add(VIR_MIGRATE_PARAM_TLS_DESTINATION, tlsDestination) }
        if let bandwidth { try list.add(VIR_MIGRATE_PARAM_BANDWIDTH, bandwidth) }
        if let connections { try list.add(VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS, connections) }
        if let postcopyBandwidth {
            try list.add(VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY, postcopyBandwidth)
        }
        for disk in disks { try list.add(VIR_MIGRATE_PARAM_MIGRATE_DISKS, disk) }
        if let compression { try add(compression, to: list) }
        return list
    }

    private func add(
        _ compression: MigrationCompression, to list: ParameterList
    ) throws(LibvirtFailure) {
        try list.add(VIR_MIGRATE_PARAM_COMPRESSION, compression.method.rawValue)
        let numbers: [(String, Int?)] = [
            (VIR_MIGRATE_PARAM_COMPRESSION_MT_LEVEL, compression.level),
            (VIR_MIGRATE_PARAM_COMPRESSION_MT_THREADS, compression.threads),
            (VIR_MIGRATE_PARAM_COMPRESSION_MT_DTHREADS, compression.decompressionThreads),
        ]
        for (name, value) in numbers {
            if let value { try list.add(name, Int32(clamping: value)) }
        }
        if let cache = compression.cache {
            try list.add(VIR_MIGRATE_PARAM_COMPRESSION_XBZRLE_CACHE, UInt64(clamping: cache.count))
        }
    }
}
