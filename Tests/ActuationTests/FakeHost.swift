import ClusterModel
import HypervisorInterface
import Synchronization
import Telemetry

/// One host with at most one domain, 'id-1', for tests of what the executor does on real hosts.
final class FakeHost: HostInspector, MigrationActuator, ImageKeeper {
    struct State {
        var presence = DomainSighting.Presence.absent
        var guests: [String] = []
        /// It goes down so many looks after it was asked to; nil for never.
        var goesDownAfter: Int?
        /// Images that the domain has here.
        var images: [DiskImage] = []
        /// Paths at which something lies.
        var taken: Set<String> = []
        /// What was done here, in order.
        var deeds: [String] = []
        /// Why it is off, once it is.
        var cause = DomainSighting.Cause.unknown
        /// It shuts down when it is asked to.
        var obeys = false
        var isAsked = false
        var isSilent = false
        /// A migration from here goes on until it is aborted; each look finds it no further.
        var migratesUntilAborted = false
        /// It is waited for that it shuts down, until that is no longer wanted.
        var waitsForShutdown = false
        var isAborted = false
        /// Files that can be read whole, with what they hold.
        var files: [String: (stamp: FileStamp, content: String)] = [:]
        /// nil where logs cannot be read.
        var log: (any GuestLog)?
        /// A file is read without end, until it is cancelled.
        var readsUntilCancelled = false
    }

    let host: HostName
    private let state: Mutex<State>

    init(_ host: HostName, _ change: (inout State) -> Void = { _ in }) {
        self.host = host
        var state = State()
        change(&state)
        self.state = Mutex(state)
    }

    var now: State { state.withLock(\.self) }

    var connection: HostConnection {
        var connection = HostConnection(
            inspector: self, actuator: self, controllerURI: "", peerURI: "", migrateURI: "",
            images: self)
        connection.guestLog = now.log
        return connection
    }

    private func error(_ message: String) -> HypervisorError {
        HypervisorError(kind: .failed, operation: "test", host: host, message: message)
    }

    private func note(_ deed: String) { state.withLock { $0.deeds.append(deed) } }

    // MARK: HostInspector

    func inventory() throws -> HostInventory { throw error("no inventory") }
    func sample() throws -> RawHostSample { throw error("no sample") }
    func guests() throws -> [String] { state.withLock(\.guests) }
    func migrationProgress(of domain: DomainID) -> MigrationProgress? {
        guard now.migratesUntilAborted else { return nil }
        return MigrationProgress(processed: 1, remaining: 1, total: 2)
    }

    func sighting(of domain: DomainID) throws -> DomainSighting {
        try state.withLock { state in
            if state.isSilent { throw error("no route to host") }
            if state.isAsked, let left = state.goesDownAfter {
                state.goesDownAfter = left > 0 ? left - 1 : nil
                if left == 0 { state.presence = .inactive }
            }
            return DomainSighting(
                state.presence, isPersistent: state.presence != .absent,
                cause: state.presence == .inactive ? state.cause : .unknown)
        }
    }

    // MARK: MigrationActuator

    func migrate(_ request: MigrationRequest) async throws -> MigrationStatistics? {
        note("migrate")
        while now.migratesUntilAborted, !now.isAborted, !Task.isCancelled { await Task.yield() }
        throw error("it does not migrate")
    }
    func abortMigration(of domain: DomainID) {
        note("abort")
        state.withLock { $0.isAborted = true }
    }
    func adjustMigration(of domain: DomainID, _ adjustment: MigrationAdjustment) {}
    func resumePostcopy(_ request: MigrationRequest) {}
    func resume(_ domain: DomainID) {}
    func destroyPausedCopy(of domain: DomainID) {}
    func undefine(_ domain: DomainID) {}
    func setAutostart(of domain: DomainID, to value: Bool) {}

    // MARK: ImageKeeper

    func images(
        of domain: DomainID, disks: [String], layer: Bool, firmware: Bool
    ) -> [DiskImage] { state.withLock(\.images) }
    func admit(_ images: [DiskImage], isVerbatim: Bool) {}

    func stamp(of path: String) throws -> FileStamp {
        guard let file = now.files[path] else { throw error("no \(path)") }
        return file.stamp
    }

    func checksum(of path: String, control: any CancellableProgress) async throws -> String {
        note("read \(path)")
        while now.readsUntilCancelled {
            if control.isCancelled { throw error("it was aborted") }
            await Task.yield()
        }
        guard let file = now.files[path] else { throw error("no \(path)") }
        return file.content
    }

    func write(_ content: String, to path: String, at time: String) {
        state.withLock { state in
            let stamp = FileStamp(length: 7, modified: time, changed: time)
            state.files[path] = (stamp, content)
        }
    }

    func create(_ images: [DiskImage], control: any CancellableProgress) throws {
        for image in images {
            guard state.withLock({ $0.taken.insert(image.path).inserted }) else {
                throw error("\(image.path) came to lie here")
            }
            control.made(image.path)
        }
    }

    func copy(_ images: [DiskImage], to target: HostName, control: any CancellableProgress) throws {
        throw error("it does not copy")
    }

    func remove(_ images: [DiskImage], of domain: DomainID) {
        for image in images { note("remove \(image.path)") }
    }

    func shutDown(
        _ domain: DomainID, within seconds: Int, control: any CancellableProgress
    ) async throws {
        control.askedToShutDown()
        state.withLock { $0.isAsked = true }
        note("shut down")
        guard !now.obeys else { return state.withLock { $0.presence = .inactive } }
        while now.waitsForShutdown, !control.isCancelled { await Task.yield() }
        throw error("it did not shut down")
    }

    func start(_ domain: DomainID, with images: [DiskImage]) {
        note("start")
        state.withLock { ($0.presence, $0.isAsked) = (.running, false) }
    }

    func stamps(of images: [DiskImage]) -> [String: String] { [:] }
    func differing(_ images: [DiskImage], on target: HostName) -> [DiskImage] { [] }
    func unflushed(_ images: [DiskImage], of domain: DomainID) -> [DiskImage] { [] }
    func copyDefinition(_ request: MigrationRequest) { note("copy definition") }
}
