package import ClusterModel

/// A rolling reboot, folded from its records.
package struct RebootState: Hashable, Sendable {
    /// Where a host is on its way.
    package enum Turn: Hashable, Sendable {
        /// Its round has not begun, or it is to be drained, or to be rebooted next.
        case waiting
        case rebooting(Attempt)
        /// It is up again, and still in maintenance.
        case back(HostBoot)
        case done
    }

    /// A reboot that was begun.
    package struct Attempt: Hashable, Sendable {
        package var since: Timestamp
        package var before: HostBoot
        /// How the command ended; nil while it runs, or where nobody saw its end.
        package var ending: CommandEnding?
    }

    /// How an operator's command ended.
    package struct CommandEnding: Hashable, Sendable {
        package var status: Int32
        package var words: String
        package var at: Timestamp
    }

    /// Why it stopped at a host.
    package struct HostFailure: Hashable, Sendable {
        package var reason: String
        /// It may still come back, or never: a person must look.
        package var isOpen: Bool
    }

    /// Hosts that go down together.
    package struct Round: Hashable, Sendable {
        package var hosts: [RoundHost]
        package var to: [HostName]
        /// How often somebody was found on a host that had been emptied.
        package var occupations = 0
        package var runs: [RunID] = []
        /// Those that wait for their reboot were seen empty by the process that drives this.
        package var isEmptied = false
        package var hasReturned = false
        package var isOver = false

        package var names: [HostName] { hosts.map(\.host) }
    }

    package private(set) var request: RebootRequest
    package private(set) var turns: [HostName: Turn]
    package private(set) var rounds: [Round] = []
    /// What each host said before and after its reboot.
    package private(set) var boots: [HostName: (before: HostBoot, after: HostBoot?)] = [:]
    /// Hosts that it stopped at.
    package private(set) var failures: [HostName: HostFailure] = [:]
    package private(set) var startedAt: Timestamp?
    /// When a process took it up last.
    package private(set) var takenAt: Timestamp?
    package private(set) var endedAt: Timestamp?
    package private(set) var stopReason: String?
    package private(set) var outcome: RunOutcome?
    package private(set) var agreedCPUShare: Int64?
    /// Runs that brought guests back when all was done.
    package private(set) var lastReturns: [RunID] = []
    /// Guests of all rounds were brought back.
    package private(set) var hasReturned = false

    package init(request: RebootRequest, records: [RebootRecord]) {
        self.request = request
        turns = Dictionary(
            request.hosts.map { ($0, .waiting) }, uniquingKeysWith: { first, _ in first })
        for record in records { apply(record.event, at: record.at) }
    }

    package func turn(of host: HostName) -> Turn { turns[host] ?? .waiting }

    /// The round that is under way.
    package var round: Round? { rounds.last.flatMap { $0.isOver ? nil : $0 } }

    package var doneHosts: [HostName] { hosts { $0 == .done } }
    package var waitingHosts: [HostName] { hosts { $0 == .waiting } }
    package var rebootingHosts: [HostName] {
        hosts { if case .rebooting = $0 { true } else { false } }
    }

    private func hosts(_ isWanted: (Turn) -> Bool) -> [HostName] {
        request.hosts.filter { isWanted(turn(of: $0)) }
    }

    /// Drains and returns that were begun for it.
    package var runs: [RunID] { rounds.flatMap(\.runs) + lastReturns }

    package func roundHost(_ host: HostName) -> RoundHost? {
        round?.hosts.first { $0.host == host }
    }

    // MARK: Folding

    package mutating func apply(_ event: RebootEvent, at time: Timestamp) {
        if startedAt == nil { startedAt = time }
        switch event {
        case .taken: take(at: time)
        case .asked: break
        case .agreed(let share): agreedCPUShare = share
        case .roundBegan(let hosts, let to): rounds.append(Round(hosts: hosts, to: to))
        case .runBegan(let run, _):
            if round == nil { lastReturns.append(run) } else { change { $0.runs.append(run) } }
        case .emptied: change { $0.isEmptied = true }
        case .occupied:
            change {
                $0.isEmptied = false
                $0.occupations += 1
            }
        case .rebooting(let host, let before):
            turns[host] = .rebooting(Attempt(since: time, before: before))
            boots[host] = (before, nil)
        case .notStarted(let host, let reason):
            turns[host] = .waiting
            failures[host] = HostFailure(reason: reason, isOpen: false)
        case .commandEnded(let host, let status, let words):
            guard case .rebooting(var attempt) = turn(of: host) else { return }
            attempt.ending = CommandEnding(status: status, words: words, at: time)
            turns[host] = .rebooting(attempt)
        case .again(let host):
            turns[host] = .waiting
            change { $0.isEmptied = false }
        case .back(let host, let boot):
            turns[host] = .back(boot)
            boots[host]?.after = boot
        case .done(let host): turns[host] = .done
        case .failed(let host, let reason, let isOpen):
            failures[host] = HostFailure(reason: reason, isOpen: isOpen)
        case .returned:
            if round == nil { hasReturned = true } else { change { $0.hasReturned = true } }
        case .roundEnded: change { $0.isOver = true }
        case .stopping(let reason): stopReason = reason
        case .ended(let outcome): (self.outcome, endedAt) = (outcome, time)
        }
    }

    private mutating func change(_ change: (inout Round) -> Void) {
        guard !rounds.isEmpty else { return }
        change(&rounds[rounds.count - 1])
    }

    /// What was seen before is looked at again: nothing is believed of a host's emptiness that
    /// another process saw.
    private mutating func take(at time: Timestamp) {
        takenAt = time
        (outcome, endedAt, stopReason) = (nil, nil, nil)
        failures = [:]
        change { $0.isEmptied = false }
    }
}

extension RebootState {
    package static func == (left: Self, right: Self) -> Bool {
        left.request == right.request && left.turns == right.turns && left.rounds == right.rounds
            && left.failures == right.failures && left.outcome == right.outcome
            && left.stopReason == right.stopReason && left.hasReturned == right.hasReturned
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(turns) }
}
