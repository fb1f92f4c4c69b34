import ClusterModel
import Testing

@testable import Execution

/// What one host shows of a guest that is stopped or started there.
@Suite struct InPlaceTests {
    private static func step(_ mode: Step.Mode) -> Step {
        Step(
            id: 1, domainName: "a", move: Move(domain: "a", source: "host1", target: "host1"),
            mode: mode)
    }

    private static let modes: [Step.Mode] = [.shutdown, .save, .start, .restore]

    private static func sightings() -> [DomainSighting] {
        var all: [DomainSighting] = []
        for presence in DomainSighting.Presence.allCases {
            for cause in [DomainSighting.Cause.intent, .fault, .left, .unknown] {
                for bits in 0..<8 {
                    var seen = DomainSighting(presence, jobActive: bits & 1 != 0, cause: cause)
                    seen.hasSavedState = bits & 2 != 0
                    seen.isBeingSaved = bits & 4 != 0
                    all.append(seen)
                }
            }
        }
        return all
    }

    /// Whatever a host shows, nothing is called done that it does not show.
    @Test(arguments: modes) func `nothing is done that was not seen`(_ mode: Step.Mode) {
        for seen in Self.sightings() {
            let decision = InPlaceTable.decide(seen, after: Self.step(mode))
            guard decision == .done else { continue }
            if mode.startsInPlace {
                #expect(seen.presence.isGuest)
            } else {
                #expect(seen.presence == .inactive && seen.cause != .left)
                #expect(seen.hasSavedState == (mode == .save))
            }
        }
    }

    @Test(arguments: modes) func `nothing is begun that is not as it should be`(_ mode: Step.Mode) {
        for seen in Self.sightings() {
            for isAsked in [true, false] {
                let verdict = InPlaceTable.verdict(
                    of: seen, for: Self.step(mode), isAsked: isAsked)
                guard verdict == .start else { continue }
                switch mode {
                case .shutdown:
                    #expect(seen.presence == .running || seen.presence == .inactive && isAsked)
                case .save: #expect(seen.presence.isGuest)
                default:
                    #expect(seen.presence == .inactive && seen.cause != .left)
                    #expect(seen.hasSavedState == (mode == .restore))
                }
                #expect(!seen.presence.isGuest || !seen.jobActive && !seen.isBeingSaved)
            }
        }
    }

    // MARK: Steps of a run

    private static func machine(_ mode: Step.Mode) -> RunMachine {
        let kind: MigrationPlan.Kind = mode.stopsInPlace ? .drain : .return
        var plan = MigrationPlan(
            kind: kind, hosts: ["host1"], outcome: .plan,
            origin: .init(digest: "", observedAt: Timestamp(seconds: 0)), steps: [step(mode)])
        plan.options.attempts = 1
        var state = RunState(plan: plan)
        state.apply(.planned(plan, goal: .forward), at: Timestamp(seconds: 0))
        return RunMachine(state: state, recovering: false)
    }

    private static func look(
        _ seen: DomainSighting, _ purpose: ObservationPurpose
    ) -> RunEvent { .looked(1, purpose, source: seen, target: seen) }

    private static let off = DomainSighting(.inactive, isPersistent: true, cause: .intent)
    private static let forgotten = DomainSighting(.inactive, isPersistent: true)
    private static let up = DomainSighting(.running, isPersistent: true)
    private let now = Timestamp(seconds: 1)

    @Test func `others are asked before a guest is shut down, and then its intent is written`() {
        var machine = Self.machine(.shutdown)
        _ = machine.handle(.begin, at: now)
        #expect(machine.handle(Self.look(Self.up, .preflight), at: now) == [.lookElsewhere(1)])
        let begun = machine.handle(
            .lookedElsewhere(1, ["host2": DomainSighting(.absent)]), at: now)
        #expect(
            begun == [
                .record(.intent(1, attempt: 1, persistent: true, autostart: false)), .migrate(1),
            ])
        #expect(
            machine.handle(.migrationEnded(1, nil, failure: nil), at: now)
                == [.look(1, .verify, afterMilliseconds: 0)])
        let done = machine.handle(Self.look(Self.off, .verify), at: now)
        #expect(done.first == .record(.arrived(1, nil, note: nil)))
        #expect(machine.state.stopped.map(\.guest.domain) == ["a"])
    }

    /// It could be started there while it is down here.
    @Test func `a guest that another host knows too is not shut down`() {
        var machine = Self.machine(.shutdown)
        _ = machine.handle(.begin, at: now)
        _ = machine.handle(Self.look(Self.up, .preflight), at: now)
        let refused = machine.handle(
            .lookedElsewhere(1, ["host2": DomainSighting(.inactive)]), at: now)
        guard case .record(.failed(1, let error)) = refused.first else {
            Issue.record("\(refused)")
            return
        }
        #expect(error.contains("it is not shut down on host1"))
        // It is not planned again for the same host.
        #expect(machine.exclusions == [Exclusion(domain: "a", target: "host1")])
    }

    /// `runs nowhere else` is proven, not assumed: only a host that has not forgotten why the guest
    /// is off proves it alone.
    @Test(arguments: [true, false])
    func `a silent host keeps a guest down only where its own has forgotten`(_ isKnown: Bool) {
        var machine = Self.machine(.start)
        _ = machine.handle(.begin, at: now)
        let seen = isKnown ? Self.off : Self.forgotten
        #expect(machine.handle(Self.look(seen, .preflight), at: now) == [.lookElsewhere(1)])
        let answer = machine.handle(
            .lookedElsewhere(1, ["host2": DomainSighting(.unknown, detail: "timeout")]), at: now)
        if isKnown {
            #expect(answer.last == .migrate(1))
        } else {
            guard case .record(.failed(1, let error)) = answer.first else {
                Issue.record("\(answer)")
                return
            }
            #expect(error.contains("it is not started on host1"))
        }
    }

    @Test func `a guest that runs elsewhere is not started`() {
        var machine = Self.machine(.start)
        _ = machine.handle(.begin, at: now)
        _ = machine.handle(Self.look(Self.off, .preflight), at: now)
        let answer = machine.handle(
            .lookedElsewhere(1, ["host2": DomainSighting(.running)]), at: now)
        guard case .record(.failed(1, _)) = answer.first else {
            Issue.record("\(answer)")
            return
        }
    }

    /// A run that is over says who is off by it, whatever became of the rest.
    @Test func `whoever is off by the run is named at its end`() {
        var state = Self.machine(.save).state
        state.apply(.arrived(1, nil, note: nil), at: now)
        #expect(
            state.stoppedWords() == [
                "'a' was saved on host1 by this run: 'kvmbalance return host1' starts it again"
            ])
        #expect(state.promises.map(\.condition) == [.stopped(isSaved: true)])
        let lost = FinalCheck.outcome(
            of: state, .init(hosts: [HostSighting("host1", guests: [])], guests: ["a": Self.off]),
            left: [], askedBefore: [:])
        #expect(lost.state == .failed)
        var saved = Self.off
        saved.hasSavedState = true
        let kept = FinalCheck.outcome(
            of: state, .init(hosts: [HostSighting("host1", guests: [])], guests: ["a": saved]),
            left: [], askedBefore: ["a": 7])
        #expect(kept.state == .done)
    }
}
