import ClusterModel
import Execution
import HypervisorInterface
import Telemetry

/// The connections to one simulated host as our process has them: each call takes its time, may be
/// lost, is another moment to die at, and must be allowed by what the journal says.
struct VirtualConnection: HostInspector, MigrationActuator, ImageKeeper, StepInspector,
    LeaseKeeper
{
    let host: HostName
    private var connection: SimulatedConnection
    private let process: VirtualProcess

    init(_ host: HostName, _ process: VirtualProcess) {
        self.host = host
        self.process = process
        connection = SimulatedConnection(fleet: process, place: host, host: host)
        connection.mistake = process.note(\.mistake)
    }

    var hostConnection: HostConnection {
        HostConnection(
            inspector: self, actuator: self, controllerURI: "", peerURI: "",
            migrateURI: "tcp://\(host)", images: self, identity: connection.identity,
            leases: self)
    }

    // MARK: HostInspector

    func inventory() async throws -> HostInventory { try await connection.inventory() }
    func sample() async throws -> RawHostSample { try await connection.sample() }
    func guests() async throws -> [String] {
        let guests = try await connection.guests()
        process.note { $0.listedAt[host] = $0.journal.count }
        return guests
    }

    func sighting(of domain: DomainID) async throws -> DomainSighting {
        let isSlow = process.note { $0.lot.chance(10) }
        try await process.takeTime(isSlow ? 1...3000 : 1...30)
        return try await connection.sighting(of: domain)
    }

    func migrationProgress(of domain: DomainID) async throws -> MigrationProgress? {
        try await connection.migrationProgress(of: domain)
    }

    // MARK: MigrationActuator

    func migrate(_ request: MigrationRequest) async throws -> MigrationStatistics? {
        try await process.takeTime(0...20)
        process.note { $0.demandIntent(of: request, from: host) }
        do {
            return try await connection.migrate(request)
        } catch let error as HypervisorError {
            process.note { $0.examineRefusal(error, of: request) }
            throw error
        }
    }

    /// One in ten is lost on its way.
    func abortMigration(of domain: DomainID) async throws {
        let isLost = process.note { run in
            let isLost = run.lot.chance(10)
            let name = run.log.name(domain)
            run.demandOwn(domain, from: host)
            run.tell(
                isLost
                    ? "the abort of \(name) is lost"
                    : "kvmbalance aborts the migration of \(name)")
            return isLost
        }
        guard !isLost else { return }
        try await connection.abortMigration(of: domain)
    }

    func adjustMigration(
        of domain: DomainID, _ adjustment: MigrationAdjustment
    ) async throws {
        process.note { $0.demandAdjusting(adjustment, of: domain) }
        try await connection.adjustMigration(of: domain, adjustment)
    }

    func resumePostcopy(_ request: MigrationRequest) async throws {
        try await repair(.resumePostcopy, request.domain) {
            try await connection.resumePostcopy(request)
        }
    }

    func resume(_ domain: DomainID) async throws {
        try await repair(.resumeSource, domain) { try await connection.resume(domain) }
    }

    func destroyPausedCopy(of domain: DomainID) async throws {
        try await repair(.destroyPausedSource, domain) {
            try await connection.destroyPausedCopy(of: domain)
        }
    }

    func undefine(_ domain: DomainID) async throws {
        let isSource = process.note { $0.step(of: domain)?.step.move.source == host }
        try await repair(isSource ? .undefineSource : .undefineTarget, domain) {
            try await connection.undefine(domain)
        }
    }

    func setAutostart(of domain: DomainID, to value: Bool) async throws {
        let isSource = process.note { $0.step(of: domain)?.step.move.source == host }
        try await repair(isSource ? .setSourceAutostart : .setAutostart, domain) {
            try await connection.setAutostart(of: domain, to: value)
        }
    }

    // MARK: ImageKeeper

    func images(
        of domain: DomainID, disks: [String], layer: Bool, firmware: Bool
    ) async throws -> [DiskImage] {
        try await process.takeTime(1...30)
        return try await connection.images(
            of: domain, disks: disks, layer: layer, firmware: firmware)
    }

    func admit(_ images: [DiskImage], isVerbatim: Bool) async throws {
        try await process.takeTime(1...30)
        try await connection.admit(images, isVerbatim: isVerbatim)
    }

    func create(_ images: [DiskImage], control: any CancellableProgress) async throws {
        try await process.takeTime(1...30)
        try await connection.create(images, control: control)
    }

    func copy(
        _ images: [DiskImage], to target: HostName, control: any CancellableProgress
    ) async throws {
        try await process.takeTime(1...30)
        try await connection.copy(images, to: target, control: control)
    }

    func remove(_ images: [DiskImage], of domain: DomainID) async throws {
        let isSource = process.note { $0.step(of: domain)?.step.move.source == host }
        try await repair(isSource ? .removeSourceImages : .removeTargetImages, domain) {
            try await connection.remove(images, of: domain)
        }
    }

    func shutDown(
        _ domain: DomainID, within seconds: Int, control: any CancellableProgress
    ) async throws {
        try await process.takeTime(1...30)
        process.note { $0.demandIntent(of: domain) }
        try await connection.shutDown(domain, within: seconds, control: control)
    }

    func saveMemory(of domain: DomainID) async throws {
        try await process.takeTime(1...30)
        process.note { $0.demandIntent(of: domain) }
        try await connection.saveMemory(of: domain)
    }

    func start(_ domain: DomainID, with images: [DiskImage]) async throws {
        guard process.note({ $0.step(of: domain)?.step.mode.startsInPlace }) != true else {
            try await process.takeTime(1...30)
            process.note { $0.demandIntent(of: domain) }
            return try await connection.start(domain, with: images)
        }
        let isSource = process.note { $0.step(of: domain)?.step.move.source == host }
        try await repair(isSource ? .startSource : .startTarget, domain) {
            try await connection.start(domain, with: images)
        }
    }

    func stamps(of images: [DiskImage]) async throws -> [String: String] {
        try await process.takeTime(1...30)
        return try await connection.stamps(of: images)
    }

    func differing(_ images: [DiskImage], on target: HostName) async throws -> [DiskImage] {
        try await process.takeTime(1...30)
        return try await connection.differing(images, on: target)
    }

    func unflushed(_ images: [DiskImage], of domain: DomainID) async throws -> [DiskImage] {
        try await process.takeTime(1...30)
        return try await connection.unflushed(images, of: domain)
    }

    func copyDefinition(_ request: MigrationRequest) async throws {
        try await repair(.returnDefinition, request.domain) {
            try await connection.copyDefinition(request)
        }
    }

    // MARK: LeaseKeeper

    func lease() async throws -> HostLease? { try await connection.lease() }

    /// Without a moment to die at: what the seeds found before there were leases stays as it was.
    func lay(_ lease: HostLease) async throws -> Bool {
        // Asked of the machine that the name leads to.
        _ = try await connection.lease()
        return try process.quietly { try $0.lay(lease, on: host) }
    }

    func lift(_ id: String) async throws {
        _ = try await connection.lease()
        try process.quietly { try $0.lift(id, on: host) }
    }

    func wayToLift(_ id: String) -> String { connection.wayToLift(id) }

    // MARK: StepInspector

    func needs(of domain: DomainID) async throws -> StepNeeds {
        try await connection.needs(of: domain)
    }
    func lacks(_ needs: StepNeeds) async throws -> [String] { try await connection.lacks(needs) }

    private func repair(
        _ settlement: RepairAction, _ domain: DomainID, _ effect: () async throws -> Void
    ) async throws {
        try await process.takeTime(1...30)
        process.note { $0.demandSettling(settlement, of: domain) }
        try await effect()
        process.note { $0.done(to: domain) }
        // Done, but we do not hear of it.
        if process.note({ $0.lot.chance(5) }) {
            throw HypervisorError(
                kind: .unreachable, operation: settlement.rawValue, host: host,
                domain: domain.rawValue, message: "client socket is closed")
        }
    }
}
