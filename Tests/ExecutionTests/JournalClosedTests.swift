import ClusterModel
import Execution
import Testing

/// A journal that takes no more records: nothing begins, what is under way is waited for.
struct JournalClosedTests {
    private func machine() -> RunMachine {
        let plan = Example.plan([Example.step(1), Example.step(2)])
        var machine = RunMachine(
            state: RunState(
                plan: plan,
                records: Example.records([
                    .taken(process: 1, goal: .forward), .planned(plan, goal: .forward),
                ])), recovering: false)
        _ = machine.handle(.begin, at: Example.time)
        return machine
    }

    private func look(_ machine: inout RunMachine, _ id: StepID) -> [Directive] {
        machine.handle(
            .looked(id, .preflight, source: .running, target: .absent), at: Example.time)
    }

    @Test func `what is under way is stopped where it must be, and waited for`() {
        var machine = machine()
        _ = look(&machine, 1)
        // The intent of the second is not written, and its migration does not begin.
        let undone = look(&machine, 2)
        #expect(undone.last == .migrate(2))
        let time = Example.time
        #expect(machine.handle(.journalClosed(reason: "full", undone: undone), at: time).isEmpty)
        #expect(machine.handle(.overdue(1, reason: "too long"), at: time) == [.abort(1)])
        #expect(machine.handle(.overdue(2, reason: "too long"), at: time).isEmpty)
        #expect(machine.handle(.abort(reason: "twice"), at: time) == [.abort(1)])
        let end = machine.handle(.migrationEnded(1, nil, failure: nil), at: time)
        #expect(end == [.finish(RunOutcome(.halted, reason: "full"))])
        #expect(machine.handle(.migrationEnded(1, nil, failure: nil), at: time).isEmpty)
    }

    @Test func `an end that cannot be written is an end`() {
        var machine = machine()
        let end = machine.handle(.stop(reason: "asked"), at: Example.time)
        #expect(end.outcome == nil)
        _ = look(&machine, 1)
        let last = look(&machine, 2)
        #expect(last.outcome?.state == .failed)
        #expect(
            machine.handle(.journalClosed(reason: "full", undone: last), at: Example.time)
                == [.finish(RunOutcome(.halted, reason: "full"))])
    }

    @Test func `one that does not answer any more is not waited for`() {
        var machine = machine()
        _ = look(&machine, 1)
        let time = Example.time
        #expect(machine.handle(.journalClosed(reason: "full", undone: []), at: time).isEmpty)
        #expect(machine.handle(.stuck(1, reason: "gone"), at: time).outcome?.state == .halted)
    }
}
