import ClusterModel
import HypervisorInterface
import Simulation
import Synchronization

/// A fleet of three hosts with one domain on host1, in a time that passes as connections wait for
/// it.
struct ImageWorld {
    static let id: DomainID = "00000002-5150-4000-8000-000000000001"
    static let disk = "/var/lib/libvirt/images/vm001.qcow2"
    static let firmware = "/var/lib/libvirt/qemu/nvram/vm001_VARS.fd"
    static let tpm = "/var/lib/libvirt/swtpm/\(id)/tpm2/tpm2-00.permall"

    let fleet: SimulatedFleet
    let time: Clock
    let judge: WorldJudge

    /// A clock that whoever waits moves on.
    final class Clock: Sendable {
        private let time = Mutex(Timestamp(seconds: 1_700_000_000))
        var now: Timestamp { time.withLock { $0 } }
        func pass(milliseconds: Int64) {
            time.withLock { $0 = $0.advanced(byMilliseconds: milliseconds) }
        }
    }

    /// Remembers what a keeper told.
    final class Control: CancellableProgress {
        struct Told {
            var made: [String] = []
            var asked = 0
            var total = Bytes.zero
            var processed = 0
        }

        private let told = Mutex(Told())
        private let cancelsAfter: Int

        init(cancelsAfter: Int = .max) { self.cancelsAfter = cancelsAfter }

        var all: Told { told.withLock { $0 } }
        var isCancelled: Bool { told.withLock { $0.processed >= cancelsAfter } }
        func begin(total: Bytes) { told.withLock { $0.total = total } }
        func advance(by count: Int) { told.withLock { $0.processed += count } }
        func askedToShutDown() { told.withLock { $0.asked += 1 } }
        func made(_ path: String) { told.withLock { $0.made.append(path) } }
    }

    /// The one domain, of which `isLocal` says whether its disk of 1 GiB is its host's alone.
    static func world(
        _ guest: SimulatedGuest = SimulatedGuest(), isLocal: Bool = true,
        _ change: (inout DomainFacts) -> Void = { _ in }
    ) -> SimulatedWorld {
        var world = SimulatedFleet.example(
            hosts: 3, domains: 1, seed: 1, now: Timestamp(seconds: 1_700_000_000))
        guard let old = world.copy(of: id, on: "host1") else { return world }
        var facts = old.facts
        if isLocal {
            facts.disks[0].source = .file(path: disk)
            facts.disks[0].capacity = .gibibytes(1)
        }
        change(&facts)
        var copy = SimulatedDomain(facts: facts, cpu: old.cpu, startedAt: old.startedAt)
        copy.equip(guest)
        world.place(copy, on: "host1")
        world.furnish(id, on: "host1")
        return world
    }

    init(_ world: SimulatedWorld = Self.world()) {
        let clock = Clock()
        time = clock
        judge = WorldJudge(start: world)
        fleet = SimulatedFleet(
            world: world, clock: { clock.now }, sleep: { clock.pass(milliseconds: $0) })
    }

    func connection(_ host: HostName, _ mistake: SimulatedMistake? = nil) -> HostConnection {
        fleet.hostConnection(for: host, with: mistake)
    }

    func keeper(_ host: HostName, _ mistake: SimulatedMistake? = nil) -> SimulatedConnection {
        var connection = SimulatedConnection(fleet: fleet, place: host, host: host)
        connection.mistake = mistake
        return connection
    }

    func request(
        _ mode: Step.Mode, from source: HostName = "host1", to target: HostName = "host2",
        _ route: MigrationOptions.Route = .peerToPeer
    ) -> MigrationRequest {
        var options = MigrationOptions()
        options.route = route
        let connection = connection(target)
        var request = MigrationRequest(
            domain: Self.id, target: target, targetURI: connection.peerURI,
            migrateURI: connection.migrateURI,
            isPersistent: true, mode: mode, options: options)
        if mode == .storage { request.copies = ["vda"] }
        return request
    }

    func images(_ host: HostName = "host1") async throws -> [DiskImage] {
        try await keeper(host).images(
            of: Self.id, disks: ["vda"], layer: false, firmware: true)
    }

    /// Down, copied, and its definition over: as a cold move without its end.
    func moveDefinition(_ control: Control = Control()) async throws {
        let source = keeper("host1")
        try await source.shutDown(Self.id, within: 60, control: control)
        try await source.copy(images(), to: "host2", control: control)
        _ = try await source.migrate(request(.offline))
    }

    var faults: [String] {
        get async throws {
            let world = try await fleet.present()
            return judge.faults(in: world) + world.violations
        }
    }

    func file(_ path: String, _ host: HostName) async throws -> SimulatedFile? {
        try await fleet.present().host(host)?.file(path)
    }
}
