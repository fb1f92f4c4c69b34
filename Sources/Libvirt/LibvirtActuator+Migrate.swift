internal import CLibvirt
package import ClusterModel
import Foundation
package import HypervisorInterface

extension LibvirtActuator {
    /// Migrates by the route that the options name; `automatic` is peer-to-peer here, since whether
    /// to go on with another route is for whoever asked to decide.
    ///
    /// The time limit covers reaching the source; the migration itself has none, and goes on when
    /// the calling task is cancelled: the way to end it is `abortMigration`.
    package func migrate(_ request: MigrationRequest) async throws -> MigrationStatistics? {
        switch request.options.route {
        case .peerToPeer, .automatic: try await migratePeerToPeer(request)
        case .managed: try await migrate(request, route: .managed)
        }
    }

    /// Waits for a peer-to-peer one for the time of a short order only: it goes on without us, and
    /// who looks finds it under way.
    package func resumePostcopy(_ request: MigrationRequest) async throws {
        if request.options.route == .managed {
            let limit = Duration.seconds(request.options.timeoutSeconds ?? 3600)
            _ = try await migrate(request, route: .managed, resuming: true, limit: limit)
        } else {
            _ = try await migratePeerToPeer(
                request, resuming: true, limit: options.controlLimit)
        }
    }

    private func migratePeerToPeer(
        _ request: MigrationRequest, resuming: Bool = false, limit: Duration? = nil
    ) async throws -> MigrationStatistics? {
        do {
            return try await migrate(
                request, route: .peerToPeer, resuming: resuming, limit: limit)
        } catch var error as HypervisorError
            where Self.meansUnreachablePeer(error, peerURI: request.targetURI)
        {
            error.kind = .peerUnreachable
            throw error
        }
    }

    /// Could the source's daemon not connect to the target's? It does so before it touches the
    /// domain (qemuMigrationSrcPerformPeer2Peer), and passes on the words of libvirt's client or
    /// of ssh. A failed connection between the two QEMUs reads alike but for the port, and is no
    /// reason to try the other route.
    static func meansUnreachablePeer(_ error: HypervisorError, peerURI: String) -> Bool {
        let port = URLComponents(string: peerURI)?.port
        let ports = (port.map { [$0] } ?? [16509, 16514]).map { ":\($0)'" }
        let words = [
            "Failed to connect to remote libvirt URI", "Unable to resolve address", "ssh: ",
            "Host key verification failed", "Permission denied (", "authentication failed",
            "certificate",
        ]
        return (words + ports).contains { error.message.contains($0) }
    }

    private func migrate(
        _ request: MigrationRequest, route: MigrationCall.Route, resuming: Bool = false,
        limit: Duration? = nil
    ) async throws -> MigrationStatistics? {
        let operation = "\(resuming ? "resume post-copy" : "migrate") to \(request.target)"
        let lane = laneForMigration()
        // Only to connect, so that a dead source costs its limit and no more.
        try await lane.call(operation, domain: request.domain, limit: options.controlLimit) { _ in }
        let (targetURI, control) = (uris[request.target], control)
        var startPostcopy: (@Sendable (Int) -> Void)?
        if request.options.postcopy, !resuming {
            startPostcopy = { Self.startPostcopy(request.domain, after: $0, control) }
        }
        let onIteration = startPostcopy
        let result = try await lane.call(operation, domain: request.domain, limit: limit) {
            try Self.perform(
                request, route: route, resuming: resuming, on: $0, targetURI: targetURI,
                onIteration: onIteration)
        }
        if let job = result.job {
            return job.statistics(measuredMilliseconds: result.milliseconds)
        }
        let read = try? await completedJobOnTarget(request)
        return read?.statistics(measuredMilliseconds: result.milliseconds)
            ?? MigrationStatistics(durationMilliseconds: result.milliseconds)
    }

    /// What the call gives: how long it took by our clock, and libvirt's own account if any came.
    private struct Performed: Sendable {
        var milliseconds: Int64
        var job: DomainJob?
    }

    private static func perform(
        _ request: MigrationRequest, route: MigrationCall.Route, resuming: Bool,
        on source: ConnectionHandle, targetURI: String?, onIteration: (@Sendable (Int) -> Void)?
    ) throws(LibvirtFailure) -> Performed {
        var call = try MigrationCall(request, route: route)
        if resuming { call = call.resuming }
        let parameters = try call.parameters()
        let domain = try source.domain(request.domain.rawValue)
        try translate(request, domain, into: parameters, targetURI)
        let events = JobEvents(domain, on: source, onIteration: onIteration)
        let start = ContinuousClock.now
        switch route {
        case .peerToPeer:
            try checked(
                domain.use { domain in
                    parameters.use { list, count in
                        virDomainMigrateToURI3(
                            domain, request.targetURI, list, count, call.flags)
                    }
                })
        case .managed:
            let target = try self.target(request, targetURI)
            let arrived = try checked(
                domain.use { domain in
                    target.use { target in
                        parameters.use { list, count in
                            virDomainMigrate3(domain, target, list, count, call.flags)
                        }
                    }
                })
            virDomainFree(arrived)
        }
        let (seconds, attoseconds) = start.duration(to: .now).components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        // A persistent domain is gone here by now; its statistics came before it went.
        let job = events.completedJob(waitingSeconds: 1) ?? (try? domain.completedJob())
        return Performed(milliseconds: milliseconds, job: job)
    }

    /// Adds the XML for the target where something in it is bound to the source. Where the target
    /// cannot be read from here it goes as it is, as libvirt does by itself.
    private static func translate(
        _ request: MigrationRequest, _ domain: DomainHandle, into parameters: ParameterList,
        _ targetURI: String?
    ) throws(LibvirtFailure) {
        let secure = VIR_DOMAIN_XML_SECURE.rawValue | VIR_DOMAIN_XML_MIGRATABLE.rawValue
        let live = try domain.xml(flags: secure)
        guard let translation = HostXMLTranslation.reaching(targetURI, request, from: live)
        else { return }
        if let xml = translation.translated(live) {
            try parameters.add(VIR_MIGRATE_PARAM_DEST_XML, xml)
        }
        guard request.isPersistent, request.mode != .offline else { return }
        let kept = try domain.xml(flags: secure | VIR_DOMAIN_XML_INACTIVE.rawValue)
        if let xml = translation.translated(kept) {
            try parameters.add(VIR_MIGRATE_PARAM_PERSIST_XML, xml)
        }
    }

    private static func target(
        _ request: MigrationRequest, _ uri: String?
    ) throws(LibvirtFailure) -> ConnectionHandle {
        guard let uri else {
            throw .refused(
                "no URI by which this machine reaches \(request.target), which a managed "
                    + "migration needs")
        }
        do {
            return try ConnectionHandle(uri: uri, readOnly: false)
        } catch {
            // Not the source's connection: the domain was not touched.
            var failure = error
            failure.isConnectionFailure = false
            failure.message = "the target \(request.target) cannot be reached: \(error.message)"
            throw failure
        }
    }

    /// libvirt's account as the target has it.
    private func completedJobOnTarget(_ request: MigrationRequest) async throws -> DomainJob? {
        guard let uri = uris[request.target] else { return nil }
        let lane = ConnectionLane(host: request.target, uri: uri, readOnly: true)
        return try await lane.call(
            "read migration statistics", domain: request.domain, limit: options.sampleLimit
        ) {
            try $0.domain(request.domain.rawValue).completedJob()
        }
    }

    /// POSTCOPY only allows it; somebody has to switch over. After the first full pass over the
    /// memory, as `virsh migrate --postcopy-after-precopy` does: libvirt reports the start of
    /// pass 2 then.
    private static func startPostcopy(
        _ domain: DomainID, after iteration: Int, _ control: ConnectionLane
    ) {
        guard iteration == 2 else { return }
        Task {
            // Best effort: if it fails the migration goes on as an ordinary one.
            try? await control.call("start post-copy", domain: domain, limit: .seconds(10)) {
                try checked(
                    $0.domain(domain.rawValue).use { virDomainMigrateStartPostCopy($0, 0) })
            }
        }
    }
}

extension HostXMLTranslation {
    /// For a domain on its way to this host; nil where nothing is bound to the source, or the host
    /// does not tell what it has.
    static func reaching(
        _ targetURI: String?, _ request: MigrationRequest, from xml: String
    ) -> Self? {
        var terms = Terms(addresses: request.addresses, interfaces: request.interfaces)
        guard isBound(xml, terms) else { return nil }
        let target = targetURI.flatMap {
            try? ConnectionHandle(uri: $0, readOnly: true).cpusAndCells()
        }
        // The plan counts on the networks' names; the rest libvirt would leave as it is, too.
        guard target != nil || !request.interfaces.isEmpty else { return nil }
        terms.cpus = target?.cpus
        terms.cells = target?.cells
        return HostXMLTranslation(terms: terms)
    }
}
