package import ClusterModel

/// What a run answers for of one guest that it touched: where it is to be in the end, and how.
package struct GuestPromise: Hashable, Sendable {
    package enum Condition: Hashable, Sendable {
        /// It ran, and runs.
        case up
        /// Only its definition was to go.
        case defined
        /// Somebody else shut it down before it could move.
        case shutDownByOthers
        /// Its definition was to go, and somebody else started it before.
        case startedByOthers
        /// It was stopped for its host, and is to be off until that is returned.
        case stopped(isSaved: Bool)
        /// It was to be stopped or started where it is, and somebody else had changed it before.
        case leftAlone(reason: String)

        var isStopped: Bool {
            if case .stopped = self { true } else { false }
        }
    }

    package var domain: DomainID
    package var name: String
    package var host: HostName
    package var condition: Condition

    package init(domain: DomainID, name: String, host: HostName, condition: Condition) {
        self.domain = domain
        self.name = name
        self.host = host
        self.condition = condition
    }
}

extension RunState {
    /// One for each guest that the run touched, in the order in which it did.
    package var promises: [GuestPromise] {
        var order: [DomainID] = []
        var homes: [DomainID: HostName] = [:]
        var last: [DomainID: StepState] = [:]
        for step in steps where step.hasTouched {
            let domain = step.step.move.domain
            if last[domain] == nil { order.append(domain) }
            if step.hasMoved, homes[domain] == nil { homes[domain] = step.step.move.source }
            last[domain] = step
        }
        return order.compactMap { domain in
            last[domain].map { promise(of: $0, home: homes[domain]) }
        }
    }

    private func promise(of last: StepState, home: HostName?) -> GuestPromise {
        let move = last.step.move
        if last.step.mode.isInPlace {
            return GuestPromise(
                domain: move.domain, name: last.step.domainName, host: move.source,
                condition: conditionInPlace(last))
        }
        let isBack = goal == .rollback && home != nil
        let isLeft = last.wasLeftToOthers && (!isBack || home == move.source)
        let condition: GuestPromise.Condition =
            switch (isLeft, last.step.isShutOff) {
            case (true, true): .startedByOthers
            case (true, false): .shutDownByOthers
            case (false, true): .defined
            case (false, false): .up
            }
        let place = last.hasMoved ? move.target : move.source
        return GuestPromise(
            domain: move.domain, name: last.step.domainName,
            host: isBack ? home ?? place : place, condition: condition)
    }
}

extension RunState {
    private func conditionInPlace(_ last: StepState) -> GuestPromise.Condition {
        if last.wasLeftToOthers, case .skipped(let reason) = last.status {
            return .leftAlone(reason: reason)
        }
        // Who goes back has it run again.
        let isDown = last.step.mode.stopsInPlace && last.hasMoved && goal != .rollback
        return isDown ? .stopped(isSaved: last.step.mode == .save) : .up
    }

    /// Who is off by this run's doing, and how to have it back: a sentence each. Who was seen to
    /// run since is none of them.
    func stoppedWords(_ seen: [DomainID: DomainSighting] = [:]) -> [String] {
        stopped.filter { seen[$0.guest.domain]?.presence.isGuest != true }.map { step, guest in
            "'\(step.domainName)' was \(guest.isSaved ? "saved" : "shut down") on \(guest.host) "
                + "by this run: 'kvmbalance return \(guest.host)' starts it again"
        }
    }
}

extension RunState.StepState {
    fileprivate var hasMoved: Bool {
        switch status {
        case .done, .compensated: true
        case .pending, .running, .failed, .skipped: false
        }
    }

    /// It was skipped because somebody else had changed its guest before.
    fileprivate var wasLeftToOthers: Bool {
        switch status {
        case .skipped: status != .plannedAgain
        case .pending, .running, .done, .failed, .compensated: false
        }
    }

    /// What was planned and never begun answers for nothing, unless it is known why it was not.
    fileprivate var hasTouched: Bool {
        switch status {
        case .done, .compensated, .running: true
        case .skipped: attempts > 0 || wasLeftToOthers
        case .pending, .failed: attempts > 0
        }
    }
}

/// What the last look at a guest says of a promise.
enum PromiseFinding: Hashable {
    case kept
    /// It is no longer as it was left, by somebody else's will: worth saying, and no failure.
    case changedByOthers(String)
    case broken(String)
}

extension GuestPromise {
    /// What may pass by itself: it is looked at again.
    static func isInDoubt(_ sighting: DomainSighting?) -> Bool {
        switch sighting?.presence {
        case .unknown, .pausedByMigration, nil: true
        case .running, .paused: sighting?.jobActive == true
        case .absent, .inactive, .postcopyFailed: false
        }
    }

    /// `suspends` tells whether guests are left paused on purpose.
    func finding(
        _ sighting: DomainSighting?, suspends: Bool, elsewhere: HostName? = nil
    ) -> PromiseFinding {
        guard let sighting, sighting.presence != .unknown else {
            let detail = sighting.map { ": \($0.detail)" } ?? ""
            return .broken("\(host) does not say how '\(name)' is\(detail)")
        }
        switch condition {
        case .up: return upFinding(sighting, suspends: suspends)
        case .defined:
            if let elsewhere {
                return .changedByOthers("'\(name)' was started by somebody else on \(elsewhere)")
            }
            return sighting.presence == .absent
                ? .broken("the definition of '\(name)' is not on \(host)") : .kept
        case .shutDownByOthers: return downFinding(sighting)
        case .stopped(let isSaved): return stoppedFinding(sighting, isSaved: isSaved)
        case .leftAlone(let reason): return .changedByOthers("'\(name)' \(reason)")
        case .startedByOthers:
            return sighting.presence == .absent
                ? .broken("'\(name)' is not on \(host) any more")
                : .changedByOthers("'\(name)' was started on \(host) and did not move")
        }
    }

    /// Of a guest that an earlier run asked to shut down: off as if its owner had wanted it, it
    /// did what it was asked, and nobody would start it. nil where it did not.
    func late(_ sighting: DomainSighting?, askedBy run: RunID) -> PromiseFinding? {
        guard let sighting, sighting.presence == .inactive else { return nil }
        switch sighting.cause {
        case .fault, .left: return nil
        case .intent, .unknown:
            return .broken(
                "'\(name)' is off on \(host), because run \(run) asked it to shut down: start it "
                    + "there (virsh start '\(name)')")
        }
    }

    private func upFinding(_ sighting: DomainSighting, suspends: Bool) -> PromiseFinding {
        switch sighting.presence {
        case .running where sighting.jobActive:
            return .broken("'\(name)' is being migrated from \(host) by somebody else")
        case .running: return .kept
        case .paused where suspends: return .kept
        case .paused where sighting.cause == .intent:
            return .changedByOthers("'\(name)' is paused on \(host)")
        case .paused, .pausedByMigration, .postcopyFailed:
            return .broken("'\(name)' does not run on \(host)\(words(sighting))")
        case .inactive where sighting.cause == .intent:
            return .changedByOthers("'\(name)' was shut down on \(host) since")
        case .inactive where sighting.cause == .left:
            return .broken("'\(name)' was migrated on from \(host) by somebody else")
        case .inactive: return .broken("'\(name)' is off on \(host)\(words(sighting))")
        case .absent:
            return .broken("'\(name)' is not on \(host) any more: look for it (kvmbalance status)")
        case .unknown: return .broken("\(host) does not say how '\(name)' is")
        }
    }

    private func stoppedFinding(_ sighting: DomainSighting, isSaved: Bool) -> PromiseFinding {
        switch sighting.presence {
        case .inactive where isSaved && !sighting.hasSavedState:
            return .broken("the saved memory of '\(name)' is not on \(host) any more")
        case .inactive: return .kept
        case .absent:
            return .changedByOthers("'\(name)' was stopped on \(host) and is not there any more")
        case .running, .paused, .pausedByMigration, .postcopyFailed, .unknown:
            return .broken("'\(name)' was stopped on \(host) and is up there again")
        }
    }

    private func downFinding(_ sighting: DomainSighting) -> PromiseFinding {
        switch sighting.presence {
        case .inactive where sighting.cause == .fault:
            return .broken("'\(name)' crashed on \(host)\(words(sighting))")
        case .inactive where sighting.cause == .left:
            return .changedByOthers("'\(name)' was migrated away from \(host) by somebody else")
        case .inactive:
            return .changedByOthers("'\(name)' was shut down on \(host) and did not move")
        case .absent:
            return .changedByOthers(
                "'\(name)' was shut down on \(host), did not move and is not there any more")
        case .running, .paused, .pausedByMigration, .postcopyFailed, .unknown:
            return .broken("'\(name)' was shut down on \(host), is up there again and did not move")
        }
    }

    private func words(_ sighting: DomainSighting) -> String {
        " (\(sighting.detail.isEmpty ? sighting.presence.rawValue : sighting.detail))"
    }
}
