import ClusterModel
import Execution
import Persistence
import Planning

/// Which domains drains took away from their hosts, or stopped there, and no return brought back
/// yet: the fold of all runs in the journal.
struct DisplacedDomains {
    struct Absence: Hashable {
        var home: HostName
        /// Where our runs put the domain last.
        var at: HostName
    }

    /// One that our runs stopped where it was.
    struct Stop: Hashable {
        var guest: StoppedGuest
        var run: RunID
    }

    private(set) var absences: [DomainID: Absence] = [:]
    private(set) var stops: [DomainID: Stop] = [:]

    /// In order of time.
    init(_ moves: [RunMove]) {
        for move in moves { add(move) }
    }

    /// From the journal: of these hosts, and of no others.
    init(of hosts: [HostName], in journal: JournalStore) async throws {
        let open = try await journal.openRuns().flatMap { $1.moves(of: $0) }
        let ended = try await journal.moves(of: open.map(\.move.domain), takenFrom: hosts)
        self.init((ended + open).inOrderOfRuns)
    }

    /// Domains whose home this host is, in order of their UUID.
    func domains(of host: HostName) -> [(domain: DomainID, at: HostName)] {
        absences.filter { $0.value.home == host }
            .map { (domain: $0.key, at: $0.value.at) }.sorted { $0.domain < $1.domain }
    }

    func homecomings(to hosts: [HostName]) -> [ReturnMove] {
        hosts.flatMap { host in
            domains(of: host).map { ReturnMove($0.domain, home: host, displacedAt: $0.at) }
        }
    }

    /// Guests that were stopped on this host, in order of their UUID.
    func stopped(on host: HostName) -> [StoppedGuest] {
        stops.values.map(\.guest).filter { $0.host == host }.sorted { $0.domain < $1.domain }
    }

    private mutating func add(_ one: RunMove) {
        let move = one.move
        stops[move.domain] = nil
        if let mode = one.inPlace {
            guard mode.stopsInPlace else { return }
            stops[move.domain] = Stop(
                guest: StoppedGuest(move.domain, on: move.source, isSaved: mode == .save),
                run: one.run)
            return
        }
        if let absence = absences[move.domain] {
            absences[move.domain] =
                move.target == absence.home
                ? nil : Absence(home: absence.home, at: move.target)
        } else if one.leavesDrained {
            absences[move.domain] = Absence(home: move.source, at: move.target)
        }
    }
}

extension [RunMove] {
    /// Those of one run stay in their order.
    fileprivate var inOrderOfRuns: [RunMove] {
        enumerated().sorted { ($0.element.run, $0.offset) < ($1.element.run, $1.offset) }
            .map(\.element)
    }
}
