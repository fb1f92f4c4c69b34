internal import CLibvirt
package import ClusterModel
package import HypervisorInterface

extension LibvirtActuator {
    /// Migrates by the route that the options name; `automatic` is peer-to-peer here, since whether
    /// to go on with another route is for whoever asked to decide.
    ///
    /// The time limit covers reaching the source; the migration itself has none, and goes on when
    /// the calling task is cancelled: the way to end it is `abortMigration`.
    package func migrate(_ request: MigrationRequest) async throws -> MigrationStatistics? {
        switch request.options.route {
        case .peerToPeer, .automatic: try await migrate(request, route: .peerToPeer)
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
            _ = try await migrate(
                request, route: .peerToPeer, resuming: true, limit: options.controlLimit)
        }
    }

    /// All that may have to wait for another host comes first and has its limit: a call that its
    /// caller has given up must not begin a migration later, which nobody would watch. The
    /// migration itself needs nobody but the source's daemon.
    private func migrate(
        _ request: MigrationRequest, route: MigrationCall.Route, resuming: Bool = false,
        limit: Duration? = nil
    ) async throws -> MigrationStatistics? {
        let operation = "\(resuming ? "resume post-copy" : "migrate") to \(request.target)"
        let (domain, lane) = (request.domain, laneForMigration(route))
        let documents = try await lane.call(operation, domain: domain, limit: options.controlLimit)
        { try Self.documents(of: request, on: $0) }
        let translation = await translation(of: documents, request)
        let target = MigrationTarget()
        if route == .managed {
            let (uri, identity) = (uris[request.target], identities[request.target])
            try await lane.call(operation, domain: domain, limit: options.controlLimit) { _ in
                target.connection = try Self.target(request, uri, identity)
            }
        }
        let begin = startPostcopy(of: request, resuming: resuming)
        let result = try await lane.call(operation, domain: domain, limit: limit) { source in
            defer { target.connection = nil }
            return try Self.perform(
                request, route: route, resuming: resuming, translation, on: source,
                to: target.connection, onIteration: begin)
        }
        if let job = result.job {
            return job.statistics(measuredMilliseconds: result.milliseconds)
        }
        let read = try? await completedJobOnTarget(request)
        return read?.statistics(measuredMilliseconds: result.milliseconds)
            ?? MigrationStatistics(durationMilliseconds: result.milliseconds)
    }

    private func startPostcopy(
        of request: MigrationRequest, resuming: Bool
    ) -> (@Sendable (Int) -> Void)? {
        guard request.options.postcopy, !resuming else { return nil }
        let (firstPass, control) = (FirstPass(), control)
        return { Self.startPostcopy(request.domain, in: $0, firstPass, control) }
    }

    /// What the call gives: how long it took by our clock, and libvirt's own account if any came.
    private struct Performed: Sendable {
        var milliseconds: Int64
        var job: DomainJob?
    }

    private static func perform(
        _ request: MigrationRequest, route: MigrationCall.Route, resuming: Bool,
        _ translation: Translation, on source: ConnectionHandle, to target: ConnectionHandle?,
        onIteration: (@Sendable (Int) -> Void)?
    ) throws(LibvirtFailure) -> Performed {
        var call = try MigrationCall(request, route: route)
        if resuming { call = call.resuming }
        let parameters = try call.parameters()
        if let xml = translation.live { try parameters.add(VIR_MIGRATE_PARAM_DEST_XML, xml) }
        if let xml = translation.kept { try parameters.add(VIR_MIGRATE_PARAM_PERSIST_XML, xml) }
        let domain = try source.domain(request.domain.rawValue)
        let events = JobEvents(domain, on: source, onIteration: onIteration)
        let start = ContinuousClock.now
        switch route {
        case .peerToPeer:
            do {
                try checked(
                    domain.use { domain in
                        parameters.use { list, count in
                            virDomainMigrateToURI3(
                                domain, request.targetURI, list, count, call.flags)
                        }
                    })
            } catch {
                var failure = error
                failure.blamesPeer = error.meansUnreachablePeer(request.targetURI)
                throw failure
            }
        case .managed:
            guard let target else { throw .refused("there is no connection to the target") }
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

    /// The target of a managed migration, between the call that opens it and the one that needs it.
    /// Both run on the migration's own thread, one after the other.
    private final class MigrationTarget: @unchecked Sendable {
        var connection: ConnectionHandle?
    }

    // MARK: In the target's terms

    /// A domain's XML on its source: as it runs, and the definition that goes with it.
    private struct Documents: Sendable {
        var live: String
        var kept: String?
    }

    /// The same for the target, where something in it is bound to the source.
    private struct Translation: Sendable {
        var live: String?
        var kept: String?
    }

    private static func documents(
        of request: MigrationRequest, on source: ConnectionHandle
    ) throws(LibvirtFailure) -> Documents {
        let secure = VIR_DOMAIN_XML_SECURE.rawValue | VIR_DOMAIN_XML_MIGRATABLE.rawValue
        let domain = try source.domain(request.domain.rawValue)
        let live = try domain.xml(flags: secure)
        guard request.isPersistent, request.mode != .offline else { return Documents(live: live) }
        return Documents(
            live: live, kept: try domain.xml(flags: secure | VIR_DOMAIN_XML_INACTIVE.rawValue))
    }

    /// Where the target cannot be read from here it goes as it is, as libvirt does by itself.
    private func translation(of documents: Documents, _ request: MigrationRequest) async
        -> Translation
    {
        let terms = HostXMLTranslation.Terms(of: request)
        guard HostXMLTranslation.isBound(documents.live, terms) else { return Translation() }
        var found: (cpus: Set<Int>, cells: Set<Int>)?
        if let uri = uris[request.target] {
            let lane = ConnectionLane(
                host: request.target, uri: uri, readOnly: true,
                identity: identities[request.target])
            found = try? await lane.call(
                "read CPUs and cells", domain: request.domain, limit: options.lookLimit
            ) { try $0.cpusAndCells() }
        }
        guard let translation = HostXMLTranslation(terms, for: found) else { return Translation() }
        return Translation(
            live: translation.translated(documents.live),
            kept: documents.kept.flatMap { translation.translated($0) })
    }

    private static func target(
        _ request: MigrationRequest, _ uri: String?, _ identity: (any HostIdentity)?
    ) throws(LibvirtFailure) -> ConnectionHandle {
        guard let uri else {
            throw .refused(
                "no URI by which this machine reaches \(request.target), which a managed "
                    + "migration needs")
        }
        do {
            return try ConnectionHandle(uri: uri, readOnly: false, identity: identity)
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
        let lane = ConnectionLane(
            host: request.target, uri: uri, readOnly: true, identity: identities[request.target])
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
        _ domain: DomainID, in pass: Int, _ firstPass: FirstPass, _ control: ConnectionLane
    ) {
        guard firstPass.isOver(in: pass) else { return }
        Task {
            do {
                _ = try await control.call("start post-copy", domain: domain, limit: .seconds(10)) {
                    try checked(
                        $0.domain(domain.rawValue).use { virDomainMigrateStartPostCopy($0, 0) })
                }
            } catch {
                // Until the next pass it goes on as an ordinary one.
                firstPass.wasNotHeard()
            }
        }
    }
}
