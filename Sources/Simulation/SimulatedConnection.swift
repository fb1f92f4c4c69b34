package import ClusterModel
package import HypervisorInterface
package import Telemetry

/// All connections to one host of a simulated fleet.
package struct SimulatedConnection: HostInspector, MigrationActuator, DirtyRateProbe {
    package let fleet: any WorldHolder
    /// The host's name in the fleet.
    package let place: HostName
    /// The host's name in the caller's configuration.
    package let host: HostName
    /// A deliberate bug of its keeper of images.
    package var mistake: SimulatedMistake?

    package init(fleet: any WorldHolder, place: HostName, host: HostName) {
        self.fleet = fleet
        self.place = place
        self.host = host
    }

    // MARK: HostInspector

    package func inventory() async throws -> HostInventory {
        try await answer(to: "read inventory") { world throws in
            var inventory = try world.inventory(of: place)
            inventory.host = host
            return inventory
        }
    }

    package func sample() async throws -> RawHostSample {
        try await answer(to: "sample") { world throws in
            var sample = try world.sample(of: place)
            sample.host = host
            return sample
        }
    }

    package func guests() async throws -> [String] {
        try await answer(to: "list domains") { world throws in
            try world.guests(on: place)
        }
    }

    package func sighting(of domain: DomainID) async throws -> DomainSighting {
        try await answer(to: "look up domain") { world throws in
            try world.sighting(of: domain, on: place)
        }
    }

    package func migrationProgress(of domain: DomainID) async throws -> MigrationProgress? {
        try await answer(to: "read job statistics") { world throws in
            try world.progress(of: domain, on: place)
        }
    }

    // MARK: DirtyRateProbe

    /// At once: what a guest does here is known and not measured.
    package func writeRate(of domain: DomainID, seconds: Int) async throws -> Bytes? {
        try await answer(to: "measure dirty rate") { world throws in
            try world.writeRate(of: domain, seconds: seconds, on: place)
        }
    }

    // MARK: MigrationActuator

    /// A call that loses its connection says nothing of the migration, which goes on without it,
    /// unless it is managed: that one needs us and both ends.
    package func migrate(_ request: MigrationRequest) async throws -> MigrationStatistics? {
        let request = inFleet(request)
        let id = try await effect("migrate") { world throws in
            try world.migrate(request, from: place)
        }
        await fleet.called(id)
        do {
            let statistics = try await ending(of: id, request)
            await fleet.returned(id)
            return statistics
        } catch {
            _ = try? await fleet.change { $0.abandon(id) }
            await fleet.returned(id)
            throw error
        }
    }

    private enum Call {
        case over(MigrationStatistics?)
        case goesOn(nextChange: Int64)
    }

    private func ending(
        of id: Int, _ request: MigrationRequest
    ) async throws -> MigrationStatistics? {
        while true {
            let call = try await answer(to: "migrate") { world throws -> Call in
                if let ending = world.ending(of: id) {
                    guard let failure = ending.failure else { return .over(ending.statistics) }
                    throw world.refusal(
                        failure.kind, failure.code, "migrate", request.domain, place,
                        failure.message)
                }
                try world.reach(place, operation: "migrate")
                if request.options.route == .managed {
                    try world.reach(request.target, operation: "migrate")
                }
                let next = world.nextChange?.millisecondsSince(world.now) ?? 1000
                return .goesOn(nextChange: next)
            }
            switch call {
            case .over(let statistics): return statistics
            case .goesOn(let next): try await fleet.waitForChange(atMost: next)
            }
        }
    }

    /// The target's URI tells its name in the fleet; the caller may have another for it.
    func inFleet(_ request: MigrationRequest) -> MigrationRequest {
        var request = request
        request.target = SimulatedURI(request.targetURI)?.host ?? request.target
        return request
    }

    package func abortMigration(of domain: DomainID) async throws {
        try await effect("abort job") { world throws in
            try world.abortMigration(of: domain, on: place)
        }
    }

    package func adjustMigration(
        of domain: DomainID, _ adjustment: MigrationAdjustment
    ) async throws {
        try await effect("adjust migration") { world throws in
            try world.adjustMigration(of: domain, adjustment, on: place)
        }
    }

    package func resumePostcopy(_ request: MigrationRequest) async throws {
        try await effect("resume post-copy") { world throws in
            try world.resumePostcopy(inFleet(request), from: place)
        }
    }

    package func resume(_ domain: DomainID) async throws {
        try await effect("resume") { world throws in try world.resume(domain, on: place) }
    }

    package func destroyPausedCopy(of domain: DomainID) async throws {
        try await effect("destroy") { world throws in
            try world.destroyPausedCopy(of: domain, on: place)
        }
    }

    package func undefine(_ domain: DomainID) async throws {
        try await effect("undefine") { world throws in try world.undefine(domain, on: place) }
    }

    package func setAutostart(of domain: DomainID, to value: Bool) async throws {
        try await effect("set autostart") { world throws in
            try world.setAutostart(of: domain, to: value, on: place)
        }
    }

    // MARK: How they reach the fleet

    func answer<Value: Sendable>(
        to operation: String, _ look: @Sendable (SimulatedWorld) throws -> Value
    ) async throws(HypervisorError) -> Value {
        do {
            return try await fleet.read(look)
        } catch {
            throw named(error, operation)
        }
    }

    func effect<Value: Sendable>(
        _ operation: String, _ body: @Sendable (inout SimulatedWorld) throws -> Value
    ) async throws(HypervisorError) -> Value {
        do {
            return try await fleet.change(body)
        } catch {
            throw named(error, operation)
        }
    }

    /// Errors speak of the host by the caller's name; an unreadable file is a host out of reach.
    private func named(_ error: any Error, _ operation: String) -> HypervisorError {
        guard var refusal = error as? HypervisorError else {
            return HypervisorError(
                kind: .unreachable, operation: operation, host: host, message: "\(error)")
        }
        refusal.host = host
        return refusal
    }
}
