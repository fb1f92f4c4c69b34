import ClusterModel
import HypervisorInterface
package import Persistence

/// A small file that a check leaves in a pool of a host for a moment.
package struct ProbeMark: Hashable, Codable, Sendable {
    var host: HostName
    var pool: String
    var name: String

    /// Of a name that nobody else has.
    init(host: HostName, pool: String) {
        self.host = host
        self.pool = pool
        name = "kvmbalance-probe-\(UInt64.random(in: 1...UInt64.max))"
    }
}

/// The marks that are out there: written down before each is made, so that a later check can remove
/// what one that was killed left, and nothing else.
package actor ProbeMarks {
    private let journal: JournalStore?
    private var marks: [ProbeMark] = []

    private static let name = "marks of hosts check"

    /// Without a journal nothing outlives the process.
    package init(_ journal: JournalStore?) { self.journal = journal }

    func add(_ mark: ProbeMark) async {
        marks.append(mark)
        await store()
    }

    func remove(_ mark: ProbeMark, _ fleet: FleetHosts) async {
        do {
            try await fleet[mark.host]?.prober?.removeMark(mark.name, in: mark.pool)
            marks.removeAll { $0 == mark }
            await store()
        } catch {
            // It stays in the list: the next check tries again.
        }
    }

    /// Of a check that did not come to its end.
    func removeLeftOvers(_ fleet: FleetHosts) async {
        marks = (try? await journal?.remembered(Self.name, as: [ProbeMark].self)) ?? []
        for mark in marks where fleet[mark.host] != nil { await remove(mark, fleet) }
    }

    private func store() async { try? await journal?.remember(marks, as: Self.name) }
}
