import ClusterModel
import Execution

/// Which domains drains took away from their hosts and no return brought back yet: the fold of all
/// runs in the journal.
struct AwayList {
    struct Absence: Hashable {
        var home: HostName
        /// Where our runs put the domain last.
        var at: HostName
    }

    private(set) var absences: [DomainID: Absence] = [:]

    /// `runs` in order of start.
    init(runs: [RunState]) {
        for run in runs { add(run) }
    }

    /// Domains whose home this host is, in order of their UUID.
    func domains(of host: HostName) -> [(domain: DomainID, at: HostName)] {
        absences.filter { $0.value.home == host }
            .map { (domain: $0.key, at: $0.value.at) }.sorted { $0.domain < $1.domain }
    }

    private mutating func add(_ run: RunState) {
        for move in run.displacements {
            if let absence = absences[move.domain] {
                absences[move.domain] =
                    move.target == absence.home
                    ? nil : Absence(home: absence.home, at: move.target)
            } else if run.kind == .drain, run.original.hosts.contains(move.source) {
                absences[move.domain] = Absence(home: move.source, at: move.target)
            }
        }
    }
}
