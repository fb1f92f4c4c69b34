import ClusterModel

/// When the journal takes no more records nothing more is started. What is under way is waited for,
/// and ended where it does not end by itself: that needs no record.
extension RunMachine {
    /// Why the journal is closed, and whose answers are still to come.
    struct JournalClosure: Hashable, Sendable {
        var reason: String
        /// Migrations and repairs that were ordered.
        var underWay: Set<StepID>
        /// Of these the migrations: they can be stopped.
        var migrations: Set<StepID>
    }

    /// nil as long as the journal is open.
    mutating func handledWhenClosed(_ event: RunEvent) -> [Directive]? {
        if case .journalClosed(let reason, let undone) = event {
            closure = closing(because: reason, undone)
            return endWhenIdle()
        }
        guard let closure, !isFinished else { return nil }
        switch event {
        case .overdue(let id, _), .nonConverging(let id, _):
            return closure.migrations.contains(id) ? [.abort(id)] : []
        case .abort:
            return closure.migrations.sorted().map { .abort($0) }
        case .migrationEnded(let id, _, _), .settled(let id, _, _), .stuck(let id, _),
            .lookedElsewhere(let id, _):
            self.closure?.underWay.remove(id)
            self.closure?.migrations.remove(id)
            return endWhenIdle()
        case .begin, .looked, .hostsLooked, .guestsLooked, .copiesLooked, .surveyed,
            .askedToShutDown, .made,
            .planned, .adjust, .adjustFailed, .abortFailed, .stop, .journalClosed:
            return []
        }
    }

    /// What was decided together with the record that failed has not begun.
    private func closing(because reason: String, _ undone: [Directive]) -> JournalClosure {
        var closure = JournalClosure(reason: reason, underWay: [], migrations: [])
        for (id, phase) in phases {
            switch phase {
            case .migrating:
                closure.underWay.insert(id)
                closure.migrations.insert(id)
            case .repairing: closure.underWay.insert(id)
            case .prechecking, .preparing, .locating: break
            }
        }
        closure.underWay.formUnion(watches.filter { $0.value.isSettling }.keys)
        for directive in undone {
            switch directive {
            case .migrate(let id), .settle(let id, _), .lookElsewhere(let id):
                closure.underWay.remove(id)
                closure.migrations.remove(id)
            case .record, .look, .lookAtHosts, .lookAtGuests, .lookAtCopies, .prepare, .adjust,
                .abort, .plan,
                .tell, .finish:
                break
            }
        }
        return closure
    }

    private mutating func endWhenIdle() -> [Directive] {
        guard let closure, closure.underWay.isEmpty else { return [] }
        isFinished = true
        return [.finish(RunOutcome(.halted, reason: closure.reason))]
    }
}
