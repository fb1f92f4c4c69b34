import ClusterModel

/// What a run may say of itself in the end. No run is done, or rolled back, but by this function of
/// its journal and of the last looks at what it promised.
enum FinalCheck {
    /// The last looks, which come when the steps are over.
    struct Looks: Hashable, Sendable {
        /// At the hosts that were to be emptied.
        var hosts: [HostSighting] = []
        /// At the guests that were touched, where each is to be.
        var guests: [DomainID: DomainSighting] = [:]
        /// Another host where one of them runs whose definition alone was to move.
        var elsewhere: [DomainID: HostName] = [:]
    }

    /// `left` names guests that were asked to shut down and are not up for sure; `askedBefore` are
    /// those that earlier runs asked.
    static func outcome(
        of state: RunState, _ looks: Looks, left: [String], askedBefore: [DomainID: RunID]
    ) -> RunOutcome {
        let suspends = state.plan.options.suspend
        let findings = state.promises.map { promise in
            let sighting = looks.guests[promise.domain]
            // Whom the run itself shut down is off by its own doing.
            let isOurs = promise.condition.isStopped
            let finding =
                (isOurs ? nil : askedBefore[promise.domain]).flatMap {
                    promise.late(sighting, askedBy: $0)
                }
                ?? promise.finding(
                    sighting, suspends: suspends, elsewhere: looks.elsewhere[promise.domain])
            // Whoever was named is to be elsewhere, also where somebody else hindered that.
            if case .changedByOthers(let words) = finding, state.failsWish(promise) {
                return PromiseFinding.broken(words)
            }
            return finding
        }
        var broken = unfinished(state).map { [$0] } ?? []
        let stayed = state.original.wishes.except
        broken += looks.hosts.compactMap { $0.without(stayed).complaint }
        broken += findings.compactMap { if case .broken(let words) = $0 { words } else { nil } }
        let changed = findings.compactMap {
            if case .changedByOthers(let words) = $0 { words } else { nil }
        }
        let words =
            broken + left + changed + looks.hosts.compactMap { $0.leftOut(stayed) }
            + state.stoppedWords(looks.guests)
        let reason = words.isEmpty ? nil : words.joined(separator: "; ")
        guard broken.isEmpty, left.isEmpty else { return RunOutcome(.failed, reason: reason) }
        return RunOutcome(state.goal == .rollback ? .rolledBack : .done, reason: reason)
    }

    /// Of a run that was stopped or has halted, and proves nothing.
    static func outcome(_ end: RunOutcome.State, reason: String, left: [String]) -> RunOutcome {
        RunOutcome(end, reason: ([reason] + left).joined(separator: "; "))
    }

    /// What the journal alone tells: steps or domains that were left out. nil where there are none.
    static func unfinished(_ state: RunState) -> String? {
        let waiting = state.steps.count { $0.status == .pending }
        guard waiting == 0 else {
            return "\(waiting) steps wait for steps that did not end well"
        }
        guard state.goal == .rollback else { return state.blockersBeyond(state.plan) }
        guard state.plan.blockers.isEmpty else {
            return "not all could be brought back: \(state.plan.blockers.summary)"
        }
        return nil
    }

    /// Guests on hosts that were to be emptied and that nobody has accepted as staying there, or
    /// left out, by name.
    static func newcomers(_ state: RunState, _ sightings: [HostSighting]) -> Set<String> {
        let accepted = (state.original.blockers + state.plan.blockers).compactMap(\.domain)
        let stayed = state.original.wishes.except
        return Set(sightings.flatMap { $0.without(stayed).guests ?? [] }).subtracting(accepted)
    }
}

extension RunState {
    /// Is it a guest of a move that is not where it was asked for?
    fileprivate func failsWish(_ promise: GuestPromise) -> Bool {
        let wishes = original.wishes
        return goal == .forward
            && wishes.moves.contains { wished in
                wished.domain == promise.domain && !wishes.isMet(for: wished, on: promise.host)
            }
    }

    /// What would stay behind by this plan although the first one meant to move it.
    func blockersBeyond(_ plan: MigrationPlan) -> String? {
        guard goal == .forward else { return nil }
        let accepted = original.blockers.compactMap(\.domain)
        let fresh = plan.blockers.filter { blocker in
            blocker.domain.map { !accepted.contains($0) } ?? true
        }
        return fresh.isEmpty ? nil : "some domains stay: \(fresh.summary)"
    }
}

extension [Blocker] {
    /// In one line.
    var summary: String {
        map { blocker in
            "\(blocker.domain.map { "'\($0)': " } ?? "")\(blocker.detail)"
        }.joined(separator: "; ")
    }
}
