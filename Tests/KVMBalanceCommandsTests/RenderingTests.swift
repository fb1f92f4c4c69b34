import ClusterModel
import Execution
import TestSupport
import Testing

@testable import KVMBalanceCommands
@testable import Operations
@testable import Rendering

/// Text for people, made without a fleet.
struct RenderingTests {
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

    @Test func aPlanNamesThePreferredRulesThatItBreaks() {
        var plan = Example.plan(steps: 1)
        #expect(!PlanText(plan: plan).text.contains("Preferred"))
        plan.brokenRules = [
            BrokenRule(
                rule: RuleID(.antiAffinity, 1), title: "anti-affinity 'quorum' (prefer: 10)",
                detail: "etcd1, etcd2 on host2")
        ]
        let lines = """
            Preferred rules that this plan breaks:
              anti-affinity 'quorum' (prefer: 10): etcd1, etcd2 on host2
            """
        #expect(PlanText(plan: plan).text.contains(lines))
        let round = RollingReboot.Round(hosts: ["host1"], away: plan)
        var reboot = RollingReboot(
            outcome: .plan, origin: plan.origin, policy: "p", seed: 1, hosts: ["host1"])
        reboot.rounds = [round]
        #expect(
            RebootText(reboot: reboot).text.contains(
                "  breaks anti-affinity 'quorum' (prefer: 10): etcd1, etcd2 on host2"))
    }

    @Test func progressOfOneStep() async {
        var state = RunState(plan: Example.plan(steps: 2))
        state.apply(.planned(Example.plan(steps: 2), goal: .forward), at: Example.start)
        state.apply(
            .intent(StepID(1), attempt: 1, persistent: true, autostart: false), at: Example.start)
        #expect(state.openSteps.count == 1)
        let report = RunReport(run: RunID(1), state: state)
        #expect(report.state == "running")
        let summary = RunSummary(RunID(1), state)
        #expect(summary.moved == 0 && summary.meant == 2)
        #expect(RunText(report: report).text.contains("runs watch 1"))
        let killed = RunText(report: RunReport(run: RunID(1), state: state, isKilled: true)).text
        #expect(killed.contains("killed") && killed.contains("runs resume 1"))
    }

    @Test func progressSpeaksOfDomainsAndHosts() async {
        var state = RunState(plan: Example.plan(steps: 1))
        state.apply(.planned(Example.plan(steps: 1), goal: .forward), at: Example.start)
        let display = ProgressDisplay(state: state, isTerminal: false, now: { Example.start })
        let id = StepID(1)
        let again = await display.line(
            for: .intent(id, attempt: 2, persistent: true, autostart: false))
        #expect(again == "  vm1 host1 -> host2: migrating, attempt 2")
        let skipped = await display.line(for: .skipped(id, reason: "it left by itself"))
        #expect(skipped == "  vm1 host1 -> host2: it left by itself")
        let arrived = await display.line(for: .arrived(id, nil, note: nil))
        #expect(arrived == "  vm1 host1 -> host2: arrived")
        #expect(await display.line(for: .ended(RunOutcome(.done))) == nil)
    }
}
