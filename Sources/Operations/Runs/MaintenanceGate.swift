import ClusterModel
import Execution

/// What a run may still send where, by the register of hosts in maintenance as it is now: a host
/// can be put there after the plan was made.
struct MaintenanceGate: Sendable {
    private let run: RunID
    private let register: any MaintenanceRegister
    /// Hosts that a rollback fills again, with the entries that it was begun in spite of.
    private let admitted: Set<MaintenanceEntry>

    /// Of a run that begins, or goes on, now.
    init(_ run: RunID, _ state: RunState, _ register: any MaintenanceRegister) async throws {
        self.run = run
        self.register = register
        let entries = try await register.maintenance()
        let isBack = state.goal == .rollback
        // A move may have taken domains off a host in maintenance.
        let left = state.original.hosts + state.original.wishes.moves.map(\.host)
        admitted = Set(entries.filter { isBack && left.contains($0.host) })
    }

    /// Why nothing may be sent to this host any more; nil when it takes domains. Its own entries do
    /// not bind the run: it sends nothing there but to take it back.
    func closure(of host: HostName) async throws -> String? {
        let entry = try await register.maintenance().first { $0.host == host }
        guard let entry, entry.run != run, !admitted.contains(entry) else { return nil }
        let whose = entry.run.map { " by run \($0)" } ?? ""
        return "\(host) is in maintenance\(whose) since \(entry.since)"
    }
}

/// Steps that are on their way to a host when it is put in maintenance.
package struct Arrivals {
    private let lines: [String]

    /// Of these runs, which have not ended, or halted.
    init(to hosts: [HostName], _ unfinished: [(run: RunID, state: RunState)]) {
        lines = unfinished.flatMap { run, state in
            hosts.map { OutsideText.oneLine(Self.line(run, state, $0)) }
        }
    }

    /// One line for each host and unfinished run.
    package var text: String? { lines.isEmpty ? nil : lines.joined(separator: "\n") }

    private static func line(_ run: RunID, _ state: RunState, _ host: HostName) -> String {
        let coming = state.openSteps.filter { $0.step.move.target == host }
        guard !coming.isEmpty else {
            return
                "run \(run) is not over: nothing is migrating to \(host), and it starts no step "
                + "that leads there"
        }
        let names = coming.map { "'\($0.step.domainName)' (step \($0.step.id))" }
            .joined(separator: ", ")
        return "run \(run) is not over: \(names) still \(coming.count == 1 ? "goes" : "go") to "
            + "\(host), wait for that (kvmbalance runs show \(run)); it starts no other step that "
            + "leads there"
    }
}
