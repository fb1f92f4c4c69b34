import ClusterModel
import Execution
import FaultScenarios
import Foundation
import Scenarios
import Simulation
import Testing

/// The recovery table, as people read it and as crashes reach it.
struct RecoveryDocumentTests {
    @Test func `the document is the code`() throws {
        let file = ScenarioFolderTests.root.appendingPathComponent("RECOVERY.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(
            text == RecoveryDocument.text,
            "make it again: kvmbalance-bench faults --recovery > simulations/RECOVERY.md")
    }

    /// What the journal can say of a step when somebody takes its run up.
    static let journals: [(name: String, events: [JournalEvent], isOpen: Bool)] = {
        let intent = JournalEvent.intent(1, attempt: 1, persistent: true, autostart: true)
        let repairs = RepairAction.allCases.map { settlement in
            ("settling \(settlement.rawValue)", [intent, .settling(1, settlement)], true)
        }
        return [
            ("no intent", [], false),
            ("intent", [intent], true),
            ("a second intent", [intent, .attemptFailed(1, attempt: 1, error: "x"), intent], true),
            ("stopping", [intent, .stopping(reason: "asked")], true),
            ("halted", [intent, .ended(RunOutcome(.halted, reason: "doubt"))], true),
            ("attempt failed", [intent, .attemptFailed(1, attempt: 1, error: "x")], false),
            ("arrived", [intent, .arrived(1, nil, note: nil)], false),
            ("skipped", [intent, .skipped(1, reason: "x")], false),
            ("failed", [intent, .failed(1, error: "x")], false),
        ] + repairs
    }()

    /// Every state of the journal × every pair of sightings, jobs included: a verdict, and an end.
    @Test func `every state of the journal with every picture comes to an end`() {
        for (name, events, isOpen) in Self.journals {
            for goal in [RunGoal.forward, .rollback, .abort] {
                for (source, target) in RecoveryDocument.pairs {
                    let run = drive(events, goal, source, target)
                    let what = "\(name), \(goal), \(source) | \(target)"
                    #expect(run.outcome != nil, "\(what)")
                    #expect(run.hasLooked == isOpen, "\(what)")
                    guard isOpen else { continue }
                    check(run, source, target, what)
                }
            }
        }
    }

    /// The same of steps that copy images or move cold, with a crash in each of their phases.
    @Test func `every state of a cold step with every picture comes to an end`() {
        let image = DiskImage(
            disk: "vda", path: "/a", pool: "p", volume: "a", format: "raw", capacity: 1, length: 1,
            allocation: 1)
        for images in [[], [image]] {
            for (beginning, wasRunning) in [(StepPreconditions.cold, true), (.definition, false)] {
                let begun = [
                    JournalEvent.preparing(
                        1, StepPreparation(images: images, wasRunning: wasRunning)),
                    .intent(1, attempt: 1, persistent: true, autostart: true),
                ]
                let phases = [begun] + RepairAction.allCases.map { begun + [.settling(1, $0)] }
                for events in phases {
                    for (source, target) in RecoveryDocument.pairs {
                        let run = drive(events, .forward, source, target, mode: .offline)
                        let what = "\(beginning), \(events.count), \(source) | \(target)"
                        #expect(run.outcome != nil && run.hasLooked, "\(what)")
                        check(run, source, target, what, beginning)
                    }
                }
            }
        }
    }

    private func check(
        _ run: Drive, _ source: DomainSighting, _ target: DomainSighting, _ what: String,
        _ beginning: StepPreconditions = .live
    ) {
        let decision = RecoveryTable.decide(
            source: source, target: target, after: beginning
        ).decision
        let ofImages: [RepairAction] = [.removeSourceImages, .removeTargetImages]
        switch decision {
        case .settle(.startTarget):
            // First there, then back where it came from.
            #expect(Set(run.settlements) == [.startTarget, .returnDefinition], "\(what)")
            #expect(run.outcome?.state == .halted, "\(what)")
        case .halt, .lookAgain, .wait:
            #expect(run.outcome?.state == .halted && run.settlements.isEmpty, "\(what)")
            #expect(run.outcome?.reason != nil, "\(what)")
        case .settle(let settlement):
            // It is tried, seen not to help, and given up: what is seen here never changes.
            #expect(Set(run.settlements) == [settlement], "\(what)")
            #expect(run.outcome?.state == .halted, "\(what)")
        case .arrived:
            #expect(
                run.settlements.allSatisfy { $0 == .setAutostart || $0 == .removeSourceImages },
                "\(what)")
            #expect(run.state.openSteps.isEmpty, "\(what)")
        case .arrivedThenStopped:
            #expect(
                run.settlements.allSatisfy { $0 == .setAutostart || ofImages.contains($0) },
                "\(what)")
            #expect(run.state.openSteps.isEmpty, "\(what)")
        case .stayed:
            // Where its definition had been away.
            #expect(
                run.settlements.allSatisfy { $0 == .setSourceAutostart || ofImages.contains($0) },
                "\(what)")
            #expect(run.state.openSteps.isEmpty, "\(what)")
        case .stopped:
            #expect(run.settlements.allSatisfy { ofImages.contains($0) }, "\(what)")
            #expect(run.state.openSteps.isEmpty, "\(what)")
        }
    }

    private struct Drive {
        var outcome: RunOutcome?
        var settlements: [RepairAction] = []
        var hasLooked = false
        var state: RunState
    }

    /// Hosts that always show the same, and a planner that has nothing to plan.
    private func drive(
        _ events: [JournalEvent], _ goal: RunGoal, _ source: DomainSighting,
        _ target: DomainSighting, mode: Step.Mode = .live
    ) -> Drive {
        let time = Timestamp(seconds: 0)
        let plan = MigrationPlan(
            kind: .drain, hosts: ["a"], outcome: .plan,
            origin: .init(digest: "", observedAt: time),
            steps: [
                Step(
                    id: 1, domainName: "d", move: Move(domain: "d", source: "a", target: "b"),
                    mode: mode)
            ])
        var empty = plan
        empty.steps = []
        empty.outcome = .nothingToDo
        let facts = [.taken(process: 1, goal: .forward), .planned(plan, goal: .forward)] + events
        let records = (facts + [.taken(process: 2, goal: goal)]).enumerated().map {
            JournalRecord(sequence: $0 + 1, at: time, event: $1)
        }
        var bounds = RunMachine.Bounds()
        (bounds.looks, bounds.waits, bounds.shutdownMilliseconds) = (3, 3, 6000)
        var machine = RunMachine(
            state: RunState(plan: plan, records: records), recovering: true, bounds: bounds)
        var drive = Drive(state: machine.state)
        var queue: [RunEvent] = [.begin]
        for _ in 0..<100 where !queue.isEmpty {
            for directive in machine.handle(queue.removeFirst(), at: time) {
                switch directive {
                case .record, .abort, .adjust, .tell: break
                case .lookElsewhere(let id): queue.append(.lookedElsewhere(id, [:]))
                case .lookAtCopies(let id): queue.append(.copiesLooked(id, doubt: nil))
                case .look(let id, let purpose, _):
                    drive.hasLooked = true
                    queue.append(.looked(id, purpose, source: source, target: target))
                case .lookAtHosts(let hosts, _):
                    queue.append(.hostsLooked(hosts.map { HostSighting($0, guests: []) }))
                case .prepare(let id):
                    queue.append(.surveyed(id, StepPreparation(wasRunning: true), reason: nil))
                case .migrate(let id):
                    queue.append(.migrationEnded(id, nil, failure: StepFailure("refused")))
                case .settle(let id, let settlement):
                    drive.settlements.append(settlement)
                    // Once libvirt says that it started there, it does not go back.
                    let isStart = settlement == .startTarget
                    let failure = isStart ? StepFailure("it does not start") : nil
                    queue.append(.settled(id, settlement, failure: failure))
                case .plan: queue.append(.planned(empty, reason: nil))
                case .finish(let outcome): drive.outcome = outcome
                }
            }
        }
        drive.state = machine.state
        return drive
    }
}
