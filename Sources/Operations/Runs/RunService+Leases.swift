import Actuation
import ClusterModel
import Execution
import HypervisorInterface
import Persistence

/// The leases of a run on the hosts that it touches, for controllers with another database.
extension RunService {
    /// Lays them, or refuses while another controller works on one of these hosts.
    func demandLeases(on hosts: Set<HostName>, for purpose: String) async throws -> RunLeases {
        let leases = try await newLeases(for: purpose)
        let held = await leases.take(hosts)
        if !held.isEmpty { await leases.release() }
        try refuse(held)
        return leases
    }

    /// Before anything is planned: a plan would only find that guests are on their way.
    func refuseHostsOfOthers(_ hosts: [HostName]) async throws {
        guard !hosts.isEmpty else { return }
        try refuse(await newLeases(for: "").heldByOthers(hosts))
    }

    private func refuse(_ held: [String]) throws {
        guard !held.isEmpty else { return }
        throw CommandError(
            "another controller is at work, nothing was begun:\n  "
                + held.joined(separator: "\n  "), exit: .busy)
    }

    /// For an abort: what was left open is settled whoever works there, and that is said.
    func askForLeases(on hosts: Set<HostName>, for purpose: String) async throws -> RunLeases {
        let leases = try await newLeases(for: purpose)
        for words in await leases.take(hosts) {
            await progress.observe(.warning("another controller is at work: \(words)"))
        }
        return leases
    }

    private func newLeases(for purpose: String) async throws -> RunLeases {
        let machine = MachineIdentity.present
        let controller = ControllerIdentity(
            machine: machine.machine, database: try await journal.identity(),
            place: "kvmbalance on \(machine.name) (database \(observer.stores.directory))")
        return RunLeases(
            observer.hosts.connections, of: controller, for: purpose, clock: observer.clock
        ) { [progress] in await progress.observe(.warning($0)) }
    }
}

extension MigrationPlan {
    /// Hosts that it is about, and the ends of its moves.
    var touchedHosts: Set<HostName> {
        moves.reduce(into: Set(hosts)) { $0.formUnion([$1.source, $1.target]) }
    }
}
