import ClusterModel
import Execution
import Testing

/// The recovery table of steps in which the domain does not run while it moves.
struct ColdRecoveryTests {
    typealias Presence = DomainSighting.Presence

    @Test(arguments: StepPreconditions.allCases)
    func `every pair matches exactly one row`(beginning: StepPreconditions) {
        let rows = RecoveryTable.rows(after: beginning)
        for (source, target) in RecoveryTableTests.pairs {
            let found = rows.filter { $0.matches(source, target) }
            #expect(found.count == 1, "\(source) | \(target): \(found.map(\.label))")
        }
    }

    @Test(arguments: StepPreconditions.allCases)
    func `own rows are reached and tell their story`(beginning: StepPreconditions) {
        for row in RecoveryTable.ownRows(after: beginning) {
            #expect(RecoveryTableTests.pairs.contains { row.matches($0.0, $0.1) }, "\(row.label)")
            #expect(row.story.hasSuffix("."), "\(row.label)")
        }
    }

    @Test func `a guest is started only where its one definition is`() {
        for beginning in StepPreconditions.allCases {
            for (source, target) in RecoveryTableTests.pairs {
                let decision = RecoveryTable.decide(
                    source: source, target: target, after: beginning
                ).decision
                switch decision {
                case .settle(.startSource):
                    #expect(beginning == .cold)
                    #expect(source.presence == .inactive && target.presence == .absent)
                case .settle(.startTarget):
                    #expect(beginning == .cold)
                    #expect(source.presence == .absent && target.presence == .inactive)
                case .settle(.undefineTarget) where source.presence == .inactive:
                    #expect(beginning != .live)
                    #expect(target.presence == .inactive)
                default: continue
                }
            }
        }
    }

    /// Beside the three pictures that a domain shows which is down on its way, and the paused copy
    /// of a migration that was not ours, nothing is decided otherwise: a split brain stays one.
    @Test func `all other pictures mean what they mean after a live move`() {
        for beginning in [StepPreconditions.cold, .definition] {
            for (source, target) in RecoveryTableTests.pairs {
                let both = Set([source.presence, target.presence])
                let isDown = both.contains(.inactive) && both.isSubset(of: [.absent, .inactive])
                let live = RecoveryTable.decide(source: source, target: target).decision
                guard !isDown, live != .settle(.resumeSource) else { continue }
                #expect(
                    RecoveryTable.decide(source: source, target: target, after: beginning).decision
                        == live)
            }
        }
    }

    @Test(arguments: [StepPreconditions.cold, .definition])
    func `a paused copy that only a live migration leaves is not resumed`(
        beginning: StepPreconditions
    ) {
        let paused = DomainSighting(.pausedByMigration, isPersistent: true)
        let (row, decision) = RecoveryTable.decide(
            source: paused, target: DomainSighting(.absent), after: beginning)
        #expect(row.label == "paused by another's migration")
        guard case .halt = decision else {
            Issue.record("\(decision)")
            return
        }
    }

    @Test func `a definition moves only when nothing runs`() {
        for (source, target) in RecoveryTableTests.pairs {
            let verdict = RecoveryTable.verdict(
                source: source, target: target, isShutOff: true
            ).verdict
            guard verdict == .start else { continue }
            #expect(source.presence == .inactive && target.presence == .absent)
        }
        #expect(
            RecoveryTable.verdict(source: .running, target: .absent, isShutOff: true).verdict
                == .skip)
        #expect(RecoveryTable.verdict(source: .inactive, target: .absent).verdict == .skip)
    }
}
