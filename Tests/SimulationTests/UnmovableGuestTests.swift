import ClusterModel
import Execution
import PlacementPolicy
import PlanChecking
import Planning
import Scenarios
import Simulation
import Testing

/// Guests that cannot move: drained, returned and rolled back in virtual time by the shipped
/// executor and the real planner, killed at every record on the way.
@Suite struct UnmovableGuestTests {
    enum Kind: String, CaseIterable {
        case hostDevice, localDisk, snapshot
    }

    static let stuck = DomainID("id-of-stuck")
    static let plain = DomainID("id-of-plain")

    /// One guest that can move and one that cannot, on the first of three hosts.
    struct Ground {
        var world: SimulatedWorld
        var policy: Policy

        init(
            _ kind: Kind, _ action: UnmovableAction,
            change: (inout SimulatedDomain) -> Void = { _ in }
        ) {
            let template = SimulatedFleet.example(
                hosts: 3, domains: 0, seed: 1, now: Timestamp(seconds: 1_700_000_000))
            world = SimulatedWorld(hosts: template.hosts, now: template.now)
            policy = Policy(name: "unmovable")
            policy.migration.unmovable = UnmovableRules(action)
            for name in ["plain", "stuck"] {
                let isLocal = kind == .localDisk && name == "stuck"
                let folder = isLocal ? "/var/lib/libvirt/images" : "/srv/shared"
                let facts = DomainFacts(
                    id: DomainID("id-of-\(name)"), name: name, memory: .gibibytes(1),
                    guest: GuestPlatform(
                        machineType: "pc-q35-7.2",
                        cpu: GuestCPU(mode: "custom", model: "Skylake-Server")),
                    disks: [
                        Disk(
                            target: "vda", source: .file(path: "\(folder)/\(name).qcow2"),
                            cache: "none", capacity: .gibibytes(1), allocation: .gibibytes(1))
                    ], interfaces: [.network("default")])
                var copy = SimulatedDomain(
                    facts: facts, cpu: 100, dirtyRate: .mebibytes(5), startedAt: world.now)
                copy.equip(SimulatedGuest())
                if name == "stuck" {
                    if let blocker = Self.blocker(kind) { copy.setBlockers([blocker]) }
                    change(&copy)
                }
                world.place(copy, on: "host1")
                world.furnish(copy.id, on: "host1")
            }
        }

        private static func blocker(_ kind: Kind) -> Blocker? {
            switch kind {
            case .localDisk: nil
            case .hostDevice:
                Blocker(
                    domain: "stuck", reason: .hostDevice, detail: "a device", remedy: "detach it")
            case .snapshot:
                Blocker(
                    domain: "stuck", reason: .snapshot, detail: "a snapshot", remedy: "delete it")
            }
        }

        func planner(_ start: SimulatedWorld) -> PolicyPlanner {
            PolicyPlanner(policy: policy, seed: 1, start: start)
        }

        func drainPlan() throws -> MigrationPlan {
            let found = planner(world).plan(.drain(["host1"]), .drain, ["host1"], world)
            return try #require(found.plan, "\(found.reason ?? "")")
        }

        func drain() throws -> VirtualRun {
            run(try drainPlan(), in: world)
        }

        func run(_ plan: MigrationPlan, in world: SimulatedWorld) -> VirtualRun {
            var run = VirtualRun(
                world: world, plan: plan, seed: 3, replanner: planner(world).replan)
            run.checksCoding = true
            run.isTold = true
            return run
        }

        /// What `kvmbalance return host1` would do after this drain.
        func returning(after drain: VirtualRun) throws -> VirtualRun {
            var request = PlanRequest.return(
                drain.state.displacements.map {
                    ReturnMove($0.domain, home: $0.source, displacedAt: $0.target)
                })
            request.starts = drain.state.stopped.map(\.guest)
            let found = planner(drain.world).plan(request, .return, ["host1"], drain.world)
            let plan = try #require(found.plan, "\(found.reason ?? "")")
            return run(plan, in: drain.world)
        }

        func isAsAtTheStart(_ run: VirtualRun) -> Bool {
            [plain, stuck].allSatisfy { run.world.runners(of: $0) == ["host1"] }
                && run.world.copy(of: stuck, on: "host1")?.facts.hasManagedSave == false
                && run.violations.isEmpty
        }

        func isDrained(_ run: VirtualRun, _ action: UnmovableAction) -> Bool {
            let left = run.world.host("host1")?.domains ?? []
            let own = run.world.copy(of: stuck, on: "host1")
            let isStopped = action == .shutdown || action == .save
            return run.violations.isEmpty && !left.contains(where: \.isActive)
                && left.map(\.id) == (isStopped ? [stuck] : [])
                && own?.facts.hasManagedSave == (isStopped ? action == .save : nil)
        }
    }

    /// Those that are carried out: for the others the plan is refused, and nothing is done.
    struct Case: CustomStringConvertible, Sendable {
        var kind: Kind
        var action: UnmovableAction
        var description: String { "\(kind.rawValue), \(action.rawValue)" }
    }

    static let carriedOut: [Case] = [
        Case(kind: .hostDevice, action: .shutdown), Case(kind: .localDisk, action: .shutdown),
        Case(kind: .snapshot, action: .shutdown), Case(kind: .localDisk, action: .save),
        Case(kind: .snapshot, action: .save), Case(kind: .localDisk, action: .cold),
    ]
    static let refused: [Case] = [
        Case(kind: .hostDevice, action: .save), Case(kind: .hostDevice, action: .cold),
        Case(kind: .snapshot, action: .cold), Case(kind: .hostDevice, action: .stay),
        Case(kind: .localDisk, action: .stay), Case(kind: .snapshot, action: .stay),
    ]

    @Test(arguments: refused)
    func `what cannot be had back, or is to stay, is said before anything starts`(
        _ subject: Case
    ) throws {
        let plan = try Ground(subject.kind, subject.action).drainPlan()
        #expect(plan.outcome == .infeasible && plan.steps.isEmpty)
        #expect(plan.blockers.contains { $0.domain == "stuck" && !$0.remedy.isEmpty })
    }

    @Test(arguments: carriedOut)
    func `a drain empties the host and a return has all as it was`(_ subject: Case) throws {
        let ground = Ground(subject.kind, subject.action)
        var drain = try ground.drain()
        let end = try drain.ended()
        let told = drain.story.joined(separator: "\n")
        #expect(end.state == .done, "\(told)")
        #expect(ground.isDrained(drain, subject.action), "\(drain.violations)\n\(told)")
        if subject.action != .cold {
            #expect(end.reason?.contains("'kvmbalance return host1' starts it again") == true)
        }
        var back = try ground.returning(after: drain)
        let outcome = try back.ended()
        let story = back.story.joined(separator: "\n")
        #expect(outcome.state == .done, "\(story)")
        #expect(ground.isAsAtTheStart(back), "\(back.violations)\n\(story)")
    }

    @Test(arguments: carriedOut)
    func `a drain is rolled back`(_ subject: Case) throws {
        let ground = Ground(subject.kind, subject.action)
        var drain = try ground.drain()
        _ = drain.run()
        let outcome = try drain.ended(.rollback)
        let told = drain.story.joined(separator: "\n")
        #expect(outcome.state == .rolledBack, "\(told)")
        #expect(ground.isAsAtTheStart(drain), "\(drain.violations)\n\(told)")
    }

    // MARK: Killed

    private static let recordsAtMost = 60

    @Test(arguments: carriedOut, [RunGoal.forward, .rollback])
    func `a drain that is killed after any record goes on, or back`(
        _ subject: Case, _ goal: RunGoal
    ) throws {
        let ground = Ground(subject.kind, subject.action)
        for record in 1...Self.recordsAtMost {
            var run = try ground.drain()
            run.interruptions.crashesAfterRecords = [record]
            run.crashesEnd = true
            guard run.run() == nil else {
                #expect(record > 6)
                return
            }
            let outcome = try run.ended(goal)
            let told = "record \(record): \(run.violations)\n" + run.story.joined(separator: "\n")
            if goal == .forward {
                #expect(outcome.state == .done, "\(told)")
                #expect(ground.isDrained(run, subject.action), "\(told)")
            } else {
                #expect(outcome.state == .rolledBack || outcome.isExcused(subject), "\(told)")
                #expect(ground.isAsAtTheStart(run) || subject.action == .cold, "\(told)")
            }
        }
        Issue.record("it has more than \(Self.recordsAtMost) records")
    }

    @Test(arguments: carriedOut)
    func `a drain that is killed at any moment loses nobody`(_ subject: Case) throws {
        let ground = Ground(subject.kind, subject.action)
        for moment in 1...300 {
            var run = try ground.drain()
            run.interruptions.crashes = [moment]
            run.crashesEnd = true
            guard run.run() == nil else { return }
            let outcome = try run.ended(moment.isMultiple(of: 2) ? .forward : .rollback)
            let told = "moment \(moment): \(run.violations)\n" + run.story.joined(separator: "\n")
            #expect(run.violations.isEmpty, "\(told)")
            switch outcome.state {
            case .done: #expect(ground.isDrained(run, subject.action), "\(told)")
            case .rolledBack: #expect(ground.isAsAtTheStart(run), "\(told)")
            case .failed, .halted: #expect(outcome.isExcused(subject), "\(told)")
            }
        }
        Issue.record("it has more than 300 moments")
    }

    @Test(arguments: carriedOut)
    func `a return that is killed after any record goes on`(_ subject: Case) throws {
        let ground = Ground(subject.kind, subject.action)
        var drain = try ground.drain()
        _ = drain.run()
        for record in 1...Self.recordsAtMost {
            var back = try ground.returning(after: drain)
            back.interruptions.crashesAfterRecords = [record]
            back.crashesEnd = true
            guard back.run() == nil else { return }
            let outcome = try back.ended()
            let told = "record \(record): \(back.violations)\n" + back.story.joined(separator: "\n")
            #expect(outcome.state == .done, "\(told)")
            #expect(ground.isAsAtTheStart(back), "\(told)")
        }
        Issue.record("it has more than \(Self.recordsAtMost) records")
    }

    // MARK: Guests with their own mind

    /// It is asked as often as a cold move would, watched, and had back when it goes down late.
    @Test func `a guest that does not shut down in time runs in the end`() throws {
        let ground = Ground(.hostDevice, .shutdown) { copy in
            copy.equip(SimulatedGuest(shutdown: .late(milliseconds: 400_000)))
        }
        var run = try ground.drain()
        let outcome = try run.ended()
        let told = run.story.joined(separator: "\n")
        #expect(outcome.state == .failed, "\(told)")
        #expect(run.violations.isEmpty, "\(run.violations)\n\(told)")
        #expect(run.world.runners(of: Self.stuck) == ["host1"], "\(told)")
        #expect(run.state.stopped.isEmpty)
        #expect(outcome.reason?.contains("a device") == true)
    }

    @Test func `a guest that never shuts down is left running and named`() throws {
        let ground = Ground(.hostDevice, .shutdown) { copy in
            copy.equip(SimulatedGuest(shutdown: .never))
        }
        var run = try ground.drain()
        let outcome = try run.ended()
        #expect(outcome.state == .failed && run.violations.isEmpty)
        #expect(run.world.runners(of: Self.stuck) == ["host1"])
        #expect(outcome.reason?.contains("'stuck'") == true)
    }

    @Test func `one that its owner shut down before is not ours to start`() throws {
        let ground = Ground(.hostDevice, .shutdown)
        var run = try ground.drain()
        run.inject(.guestShutDown(Self.stuck))
        let outcome = try run.ended()
        #expect(outcome.state == .done && run.violations.isEmpty, "\(run.violations)")
        #expect(run.state.stopped.isEmpty)
    }

    @Test(arguments: [UnmovableAction.shutdown, .save])
    func `a guest that starts with its host is found running by the return`(
        _ action: UnmovableAction
    ) throws {
        let ground = Ground(.snapshot, action) { $0.setAutostart(true) }
        var drain = try ground.drain()
        _ = drain.run()
        drain.inject(.hostReboot("host1", downMilliseconds: 60_000))
        drain.quiesce()
        var back = try ground.returning(after: drain)
        #expect(back.state.original.staying.map(\.names) == [["stuck"]])
        #expect(!back.state.original.steps.contains { $0.mode.isInPlace })
        let outcome = try back.ended()
        #expect(outcome.state == .done)
        #expect(back.world.runners(of: Self.stuck) == ["host1"])
    }

    /// What the host has forgotten when it is back is no reason to leave it off.
    @Test(arguments: [UnmovableAction.shutdown, .save])
    func `a guest is started after its host was rebooted`(_ action: UnmovableAction) throws {
        let ground = Ground(.snapshot, action)
        var drain = try ground.drain()
        _ = drain.run()
        drain.inject(.hostReboot("host1", downMilliseconds: 60_000))
        drain.quiesce()
        var back = try ground.returning(after: drain)
        let outcome = try back.ended()
        #expect(outcome.state == .done, "\(back.story.joined(separator: "\n"))")
        #expect(back.world.runners(of: Self.stuck) == ["host1"])
        #expect(back.world.copy(of: Self.stuck, on: "host1")?.facts.hasManagedSave == false)
    }

    /// Between the plan and its turn.
    @Test func `one that somebody starts before its turn is left alone`() throws {
        let ground = Ground(.hostDevice, .shutdown)
        var drain = try ground.drain()
        _ = drain.run()
        var back = try ground.returning(after: drain)
        back.inject(.guestStarted(Self.stuck))
        let outcome = try back.ended()
        #expect(outcome.state == .done && back.violations.isEmpty, "\(back.violations)")
        let step = try #require(back.state.steps.first { $0.step.mode == .start })
        #expect(step.status == .skipped(reason: "runs on host1 already"))
    }

    @Test func `one that somebody has started is where a rollback wants it`() throws {
        let ground = Ground(.snapshot, .save)
        var run = try ground.drain()
        _ = run.run()
        run.inject(.guestStarted(Self.stuck))
        let outcome = try run.ended(.rollback)
        #expect(outcome.state == .rolledBack && run.violations.isEmpty, "\(run.violations)")
        // Nobody is told to start what runs.
        #expect(outcome.reason == nil)
    }

    /// A drain whose migrations fail shuts nobody down.
    @Test func `nobody is stopped where the others cannot leave`() throws {
        let ground = Ground(.hostDevice, .shutdown)
        var run = try ground.drain()
        for host in ["host2", "host3"] as [HostName] { run.inject(.hostDisabled(host)) }
        let outcome = try run.ended()
        #expect(outcome.state == .failed && run.violations.isEmpty, "\(run.violations)")
        #expect(run.world.runners(of: Self.stuck) == ["host1"])
        #expect(!run.journal.contains { $0.event == .askedToShutDown(2) })
    }
}

extension RunOutcome {
    /// A process that was killed right after an intent may have asked its guest: who rolls that
    /// back watches the guest in vain, and names it. A cold move can leave an original behind, and
    /// its guest where it is.
    fileprivate func isExcused(_ subject: UnmovableGuestTests.Case) -> Bool {
        let mayGoDown = reason?.contains("'stuck' was asked to shut down") == true
        return state == .failed && (mayGoDown || subject.action == .cold)
    }
}

extension VirtualRun {
    fileprivate mutating func ended(_ goal: RunGoal = .forward) throws -> RunOutcome {
        let outcome = run(to: goal)
        return try #require(outcome)
    }
}
