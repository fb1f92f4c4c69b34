import ClusterModel
import Execution

/// A run machine with its journal beside it: events in, directives out.
struct MachineDriver {
    var machine: RunMachine
    private(set) var journal: [JournalEvent]
    let plan: MigrationPlan
    /// Answers the look at the emptied hosts with the end of a run: by default they are empty. nil
    /// leaves the answer to the test.
    var lastLook: (([HostName]) -> [HostSighting])? = { $0.map { HostSighting($0, guests: []) } }

    /// Answers the look at the guests at the end of a run: by default all are as they are to be.
    /// nil leaves the answer to the test.
    var guestsAtEnd: (([GuestPromise]) -> [DomainID: DomainSighting])? = { promises in
        Dictionary(
            promises.map { ($0.domain, $0.kept) }, uniquingKeysWith: { first, _ in first })
    }

    /// Answers the look at hosts that have nothing to do with a step: by default none knows the
    /// domain. nil leaves the answer to the test.
    var elsewhere: [HostName: DomainSighting]? = [:]

    /// Answers whether copies are on the target's disk: by default they are.
    var copyDoubt: String?

    init(
        _ plan: MigrationPlan, goal: RunGoal = .forward, bounds: RunMachine.Bounds = .init()
    ) {
        self.plan = plan
        journal = [.taken(process: 1, goal: goal), .planned(plan, goal: goal)]
        machine = RunMachine(
            state: RunState(plan: plan, records: Example.records(journal)), recovering: false,
            bounds: bounds)
    }

    /// Another process takes the run up from what the journal says.
    mutating func crash(
        takenUpTo goal: RunGoal = .forward, bounds: RunMachine.Bounds = .init()
    ) {
        journal.append(.taken(process: 2, goal: goal))
        machine = RunMachine(state: state, recovering: true, bounds: bounds)
    }

    /// What the journal alone tells.
    var state: RunState { RunState(plan: plan, records: Example.records(journal)) }

    mutating func send(_ event: RunEvent) -> [Directive] {
        var directives = machine.handle(event, at: Example.time)
        if case .lookAtGuests(let promises, _) = directives.last, let guestsAtEnd {
            directives.removeLast()
            directives += machine.handle(.guestsLooked(guestsAtEnd(promises)), at: Example.time)
        }
        if case .lookAtHosts(let hosts, _) = directives.last, let lastLook {
            directives.removeLast()
            directives += machine.handle(.hostsLooked(lastLook(hosts)), at: Example.time)
        }
        if case .lookAtCopies(let id) = directives.last {
            directives.removeLast()
            directives += machine.handle(.copiesLooked(id, doubt: copyDoubt), at: Example.time)
        }
        if case .lookElsewhere(let id) = directives.last, let elsewhere {
            directives.removeLast()
            directives += machine.handle(.lookedElsewhere(id, elsewhere), at: Example.time)
        }
        for case .record(let fact) in directives { journal.append(fact) }
        precondition(state == machine.state, "the machine knows what the journal does not")
        return directives
    }

    mutating func preflight(
        _ id: StepID, _ source: DomainSighting = .running, _ target: DomainSighting = .absent
    ) -> [Directive] {
        send(.looked(id, .preflight, source: source, target: target))
    }

    mutating func verify(
        _ id: StepID, _ source: DomainSighting, _ target: DomainSighting
    ) -> [Directive] {
        send(.looked(id, .verify, source: source, target: target))
    }

    /// The same again and again, as long as it may be waited for what a killed process sent.
    mutating func verifyUntilLate(
        _ id: StepID, _ source: DomainSighting, _ target: DomainSighting
    ) -> [Directive] {
        let again = Directive.look(
            id, .verify, afterMilliseconds: RunMachine.Bounds().lookPauseMilliseconds)
        var looks = 0
        var directives = verify(id, source, target)
        while directives == [again], looks < RunMachine.Bounds().looksForLateDefinition {
            looks += 1
            directives = verify(id, source, target)
        }
        return directives
    }

    /// From a look to a migration that has returned.
    mutating func migrate(_ id: StepID, error: String? = nil) {
        _ = preflight(id)
        _ = send(.migrationEnded(id, nil, failure: error.map { StepFailure($0) }))
    }
}

extension [Directive] {
    /// Steps that are looked at before they start.
    var starting: [StepID] {
        compactMap {
            if case .look(let id, .preflight, _) = $0 { id } else { nil }
        }
    }

    var outcome: RunOutcome? {
        for case .finish(let outcome) in self { return outcome }
        return nil
    }
}

extension StepFailure: ExpressibleByStringLiteral {
    /// Words of no kind that the machine decides by.
    public init(stringLiteral words: String) { self.init(words) }
}

extension [Directive] {
    /// What is told to whoever watches.
    var words: String {
        compactMap { if case .tell(let words) = $0 { words } else { nil } }.joined(separator: "\n")
    }
}

extension GuestPromise {
    /// How it looks when it is kept, or as others left it.
    var kept: DomainSighting {
        switch condition {
        case .up: .running
        case .defined: .inactive
        case .shutDownByOthers:
            DomainSighting(.inactive, isPersistent: true, cause: .intent)
        case .startedByOthers, .leftAlone: .running
        case .stopped(let isSaved): stopped(isSaved: isSaved)
        }
    }

    private func stopped(isSaved: Bool) -> DomainSighting {
        var seen = DomainSighting(.inactive, isPersistent: true, cause: .intent)
        seen.hasSavedState = isSaved
        return seen
    }
}
