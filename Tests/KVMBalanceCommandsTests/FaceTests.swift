import ClusterModel
import Execution
import Testing

@testable import KVMBalanceCommands

/// Text for people, made without a fleet.
struct FaceTests {
    @Test func tablesPadToTheWidestCell() {
        var table = Table("NAME", ">SIZE")
        #expect(table.isEmpty)
        table.add("a", "1")
        table.add("größer", "1000")
        #expect(table.text == "NAME    SIZE\na          1\ngrößer  1000")
    }

    @Test func durations() {
        #expect(Format.duration(milliseconds: 0) == "0.0 s")
        #expect(Format.duration(milliseconds: 4250) == "4.2 s")
        #expect(Format.duration(milliseconds: 200_000) == "3 min 20 s")
        #expect(Format.duration(milliseconds: 7_500_000) == "2 h 5 min")
    }

    @Test func barsStayInTheirWidth() {
        #expect(Format.bar(0.62) == "[######----]")
        #expect(Format.bar(-1) == "[----------]")
        #expect(Format.bar(7) == "[##########]")
        #expect(Format.percent(nil) == "?" && Format.percent(0.625) == "63 %")
        #expect(Format.bar(.nan) == "[----------]" && Format.percent(.nan) == "? %")
        #expect(Format.percent(1e300) == "1e+302 %")
        #expect(Format.number(3) == "3" && Format.number(4.5) == "4.5")
    }

    @Test func theLargestNumbersAreWrittenAsTheyAre() {
        #expect(Bytes(.max).description == "8191 PiB")
        #expect(Bytes(.min).description == "-8192 PiB")
        #expect(Bytes(1 << 60).description == "1024 PiB" && Bytes(1536).description == "1.5 KiB")
        #expect(MilliCPU(.max).description == "9223372036854775.81 CPUs")
    }

    @Test func ages() {
        let now = Timestamp(seconds: 100)
        #expect(Format.age(of: nil, at: now) == "never")
        #expect(Format.age(of: Timestamp(seconds: 90), at: now) == "10.0 s ago")
        #expect(Format.age(of: Timestamp(seconds: 110), at: now) == "in the future")
        #expect(Format.plural(1, "domain") == "1 domain" && Format.plural(0, "day") == "0 days")
    }

    @Test func nothingSteersTheTerminal() {
        #expect(Format.visible("plain ж 漢\n") == "plain ж 漢\n")
        #expect(Format.visible("a\u{1B}[2Jb\u{202E}c\r") == "a\\u{1b}[2Jb\\u{202e}c\\u{d}")
    }

    @Test func longLinesAreBrokenBetweenWords() {
        let text = "  vm1: one two three four"
        #expect(Format.wrapped(text, indent: 4, width: nil) == text)
        #expect(
            Format.wrapped(text, indent: 4, width: 15)
                == "  vm1: one two\n    three four")
        #expect(Format.wrapped("  unbreakable-word", indent: 4, width: 8) == "  unbreakable-word")
    }

    @Test func whatIsDoneWithAGuestThatDoesNotConvergeCanBeSaidOnTheCommandLine() throws {
        let play = try Playground()
        let plan = try play.must(
            0, "plan", "drain", "host1", "--output", "json", "--bandwidth", "20",
            "--max-bandwidth", "50", "--max-downtime", "800", "--when-stuck", "post-copy")
        let options = try #require(try plan.object()["options"] as? [String: Any])
        #expect(options["maxBandwidth"] as? Int == 50, "\(options)")
        #expect(options["maxDowntimeMilliseconds"] as? Int == 800)
        #expect(options["whenStuck"] as? String == "post-copy")
    }

    @Test func aPlanSaysHowManyMoveAtOnceAndHowSoonItCouldEnd() {
        var plan = Example.plan(steps: 3)
        plan.limits = MigrationLimits(perHost: 1, fleet: 4)
        plan.score = PlanScore(makespanBoundMilliseconds: 0)
        plan.makespanMilliseconds = 9000
        #expect(
            PlanText(plan: plan).text.contains(
                "Concurrency: 1 per host, 4 in all; fastest possible: 0.0 s."))
        #expect(!PlanText(plan: Example.plan(steps: 1)).text.contains("Concurrency"))
    }

    @Test func aPlanSaysEqualReasonsOnce() {
        let plan = Example.plan(steps: 3)
        let text = PlanText(plan: plan, width: 80).text
        #expect(text.contains("  vm1, vm2, vm3: because"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test func progressOfOneStep() async {
        var state = RunState(plan: Example.plan(steps: 2))
        state.apply(.planned(Example.plan(steps: 2), goal: .forward), at: Example.start)
        state.apply(
            .intent(StepID(1), attempt: 1, persistent: true, autostart: false), at: Example.start)
        #expect(state.openSteps.count == 1)
        let report = RunReport(run: RunID(1), state: state)
        #expect(report.state == "running" && report.moved == "0/2")
        #expect(report.text.contains("runs resume 1"))
    }
}

/// Who is away from home, folded from runs.
struct AwayListTests {
    private func run(_ plan: MigrationPlan, rolledBack: Bool = false) -> RunState {
        var state = RunState(plan: plan)
        state.apply(.taken(process: 1, goal: .forward), at: Example.start)
        state.apply(.planned(plan, goal: .forward), at: Example.start)
        for step in plan.steps {
            state.apply(.arrived(step.id, nil, note: nil), at: Example.start)
        }
        if rolledBack {
            let back = Example.plan(
                .rollback, ["host1"],
                steps: plan.steps.map { step in
                    (step.domainName, step.move.target.rawValue, step.move.source.rawValue)
                })
            state.apply(.planned(back, goal: .rollback), at: Example.start)
            for index in back.steps.indices {
                let id = StepID(plan.steps.count + index + 1)
                state.apply(.arrived(id, nil, note: nil), at: Example.start)
            }
            state.apply(.ended(RunOutcome(.rolledBack)), at: Example.start)
        }
        return state
    }

    private func away(_ list: AwayList, _ host: HostName) -> [String] {
        list.domains(of: host).map { "\($0.domain)@\($0.at)" }
    }

    @Test func aDrainTakesAwayAndAReturnBringsBack() {
        let drain = run(Example.plan(.drain, ["host1"], steps: [("a", "host1", "host2")]))
        #expect(away(AwayList(runs: [drain]), "host1") == ["a@host2"])
        let back = run(Example.plan(.return, ["host1"], steps: [("a", "host2", "host1")]))
        #expect(away(AwayList(runs: [drain, back]), "host1").isEmpty)
    }

    @Test func aSecondDrainKeepsTheFirstHome() {
        let first = run(Example.plan(.drain, ["host1"], steps: [("a", "host1", "host2")]))
        let second = run(
            Example.plan(
                .drain, ["host2"], steps: [("a", "host2", "host3"), ("b", "host2", "host3")]))
        let list = AwayList(runs: [first, second])
        #expect(away(list, "host1") == ["a@host3"])
        #expect(away(list, "host2") == ["b@host3"])
    }

    @Test func whatMadeRoomIsNotAway() {
        let drain = run(
            Example.plan(
                .drain, ["host1"], steps: [("c", "host2", "host3"), ("a", "host1", "host2")]))
        #expect(away(AwayList(runs: [drain]), "host2").isEmpty)
    }

    @Test func aRollbackLeavesNobodyAway() {
        let drain = run(
            Example.plan(.drain, ["host1"], steps: [("a", "host1", "host2")]), rolledBack: true)
        #expect(AwayList(runs: [drain]).absences.isEmpty)
    }
}

/// Made-up plans.
enum Example {
    static let start = Timestamp(seconds: 1_000_000)

    static func plan(steps count: Int) -> MigrationPlan {
        plan(.drain, ["host1"], steps: (1...count).map { ("vm\($0)", "host1", "host2") })
    }

    static func plan(
        _ kind: MigrationPlan.Kind, _ hosts: [HostName], steps: [(String, String, String)]
    ) -> MigrationPlan {
        let made = steps.enumerated().map { index, step in
            Step(
                id: StepID(index + 1), domainName: step.0,
                move: Move(
                    domain: DomainID(step.0), source: HostName(step.1), target: HostName(step.2)),
                rationale: "because it is so, and for no other reason that could be told shortly")
        }
        return MigrationPlan(
            kind: kind, hosts: hosts, outcome: .plan,
            origin: MigrationPlan.Origin(digest: "d", observedAt: start), steps: made)
    }
}
