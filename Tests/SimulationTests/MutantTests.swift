import ClusterModel
import Execution
import FaultScenarios
import Simulation
import Testing

/// Deliberate bugs: a judge that does not catch them proves nothing.
struct MutantTests {
    /// A machine that does what the real one does, but for one thing.
    struct Mutant: RunDeciding {
        enum Bug: CaseIterable {
            case migratesWithoutIntent, migratesBeforeIntent, destroysWhatStayed
            case resumesWhatIsPaused, ignoresLimits, believesTheReply, settlesUnrecorded
            case neverEnds
        }

        var machine: RunMachine
        let bug: Bug

        var state: RunState { machine.state }

        mutating func handle(_ event: RunEvent, at time: Timestamp) -> [Directive] {
            let directives = machine.handle(changed(event), at: time)
            return directives.flatMap { changed($0) }.moved(bug == .migratesBeforeIntent)
        }

        /// What it sees wrongly.
        private func changed(_ event: RunEvent) -> RunEvent {
            guard case .looked(let id, .verify, let source, let target) = event else {
                return event
            }
            switch bug {
            case .destroysWhatStayed where source.presence == .pausedByMigration:
                var seen = target
                seen.presence = .running
                seen.jobActive = false
                var left = source
                left.jobActive = false
                return .looked(id, .verify, source: left, target: seen)
            case .resumesWhatIsPaused where source.presence == .pausedByMigration:
                var left = source
                left.isPersistent = true
                return .looked(id, .verify, source: left, target: DomainSighting(.absent))
            case .believesTheReply:
                return .looked(
                    id, .verify, source: DomainSighting(.absent),
                    target: DomainSighting(.running))
            case .migratesWithoutIntent, .migratesBeforeIntent, .destroysWhatStayed,
                .resumesWhatIsPaused, .ignoresLimits, .settlesUnrecorded, .neverEnds:
                return event
            }
        }

        /// What it does wrongly.
        private func changed(_ directive: Directive) -> [Directive] {
            switch (bug, directive) {
            case (.migratesWithoutIntent, .record(.intent)), (.neverEnds, .finish),
                (.settlesUnrecorded, .record(.settling)):
                []
            default:
                [directive]
            }
        }
    }

    /// The limits are in the plan: this mutant reads others.
    static func machine(_ bug: Mutant.Bug, _ state: RunState, _ recovering: Bool) -> Mutant {
        guard bug == .ignoresLimits else {
            return Mutant(machine: RunMachine(state: state, recovering: recovering), bug: bug)
        }
        var plan = state.plan
        plan.limits = MigrationLimits(perHost: 50, fleet: 50)
        var wide = RunState(plan: plan)
        wide.apply(.taken(process: 1, goal: state.goal), at: Timestamp(seconds: 0))
        wide.apply(.planned(plan, goal: state.goal), at: Timestamp(seconds: 0))
        return Mutant(machine: RunMachine(state: wide, recovering: recovering), bug: bug)
    }

    @Test(arguments: Mutant.Bug.allCases)
    func `a bug is caught`(bug: Mutant.Bug) {
        for seed in UInt64(0)..<600 {
            let scenario = FaultScenario(seed: seed, crashes: false)
            var run = scenario.run { Self.machine(bug, $0, $1) }
            _ = run.run()
            if !run.violations.isEmpty { return }
        }
        Issue.record("600 runs and nobody noticed that it \(bug)")
    }
}

extension [Directive] {
    /// With each intent after the migration that it should precede.
    fileprivate func moved(_ isWanted: Bool) -> [Directive] {
        guard isWanted else { return self }
        var result = self
        for index in result.indices.dropLast() {
            if case .record(.intent) = result[index] { result.swapAt(index, index + 1) }
        }
        return result
    }
}
