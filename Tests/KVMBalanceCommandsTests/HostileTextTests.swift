import ClusterModel
import Execution
import Foundation
import Telemetry
import TestSupport
import Testing

@testable import KVMBalanceCommands
@testable import Operations
@testable import Rendering

/// Text of others never steers a terminal, fakes a line or is lost: whatever shows it.
struct HostileTextTests {
    /// CSI in one character and in two, a bell, a line end, both writing directions, a separator,
    /// an invisible one.
    static let hostile = "a\u{9B}31m\u{1B}[2J\u{7}\nfake\r\u{202E}b\u{2066}\u{2028}c\u{200B}\u{85}"

    private static func steering(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { scalar in
            scalar.value < 0x20 && scalar != "\n" || (0x7F..<0xA0).contains(scalar.value)
                || [0x200B, 0x2028, 0x202E, 0x2066].contains(scalar.value)
        }
    }

    @Test func oneFunctionTakesTheirPowerAway() {
        #expect(Self.steering(OutsideText.visible(Self.hostile)).isEmpty)
        #expect(OutsideText.visible(Self.hostile).contains("\n"))
        #expect(!OutsideText.oneLine(Self.hostile).contains { $0.isNewline })
        #expect(OutsideText.oneLine("plain ж 漢 👩‍👩‍👧") == "plain ж 漢 👩‍👩‍👧")
        #expect(OutsideText.oneLine("a\nb\u{9B}") == "a\\u{a}b\\u{9b}")
        #expect(OutsideText.lines(["a\nb", "c"]) == "\n  a\\u{a}b\n  c")
    }

    @Test func aReasonIsOneLineOfAKibibyte() {
        #expect(
            OutsideText.reason(" error:\n  qemu ended\r\n\r\nsee log \n")
                == "error: / qemu ended / see log")
        let long = OutsideText.reason(String(repeating: "ж漢", count: 2000) + Self.hostile)
        #expect(long.utf8.count <= OutsideText.longestReason && long.utf8.count > 1000)
        #expect(long.hasSuffix("…"))
        let whole = String(repeating: "x", count: OutsideText.longestReason)
        #expect(OutsideText.reason(whole) == whole)
    }

    @Test func jsonMeansTheSameAndSteersNothing() throws {
        let value = [Self.hostile: [Self.hostile, "\u{E0041}\u{61C}"]]
        let text = try JSON.text(value)
        #expect(Self.steering(text).isEmpty && !text.unicodeScalars.contains("\u{E0041}"))
        #expect(try JSONDecoder().decode([String: [String]].self, from: Data(text.utf8)) == value)
    }

    // MARK: Documents

    private static func plan(_ word: String) -> MigrationPlan {
        var plan = Example.plan(steps: 2)
        plan.hosts = [HostName(word)]
        plan.steps[0].domainName = word
        plan.steps[0].rationale = word
        plan.steps[0].cautions = [word]
        plan.steps[1].move = Move(domain: "x", source: HostName(word), target: HostName(word))
        plan.steps[1].mode = .offline
        plan.blockers = [
            Blocker(domain: word, reason: .other, detail: word, remedy: word),
            Blocker(host: HostName(word), reason: .other, detail: word, remedy: word),
        ]
        return plan
    }

    private static func state(_ word: String) -> RunState {
        let plan = plan(word)
        var state = RunState(plan: plan)
        for event in [
            JournalEvent.planned(plan, goal: .forward),
            .intent(StepID(1), attempt: 1, persistent: true, autostart: false),
            .attemptFailed(StepID(1), attempt: 1, error: word),
            .intent(StepID(1), attempt: 2, persistent: true, autostart: false),
        ] { state.apply(event, at: Example.start) }
        return state
    }

    private static func snapshot(_ word: String) -> ClusterSnapshot {
        var facts = DomainFacts(id: "1", name: word, memory: .gibibytes(1))
        facts.blockers = [Blocker(domain: word, reason: .other, detail: word, remedy: word)]
        return ClusterSnapshot(
            observedAt: Example.start,
            hosts: [Host(name: HostName(word), linkMbps: 1, fault: word)],
            domains: [
                Domain(facts: facts, host: HostName(word), demand: .unknown, dirtyRate: nil)
            ], inFlight: [MigrationInFlight(domain: "1", source: HostName(word))])
    }

    /// Each document with a word of others in all places.
    static let documents: [(String, @Sendable (String) -> String)] = [
        ("plan", { PlanText(plan: plan($0), width: 80).text }),
        ("plan, wide", { PlanText(plan: plan($0)).text }),
        (
            "conflict",
            { word in
                ConflictText(
                    conflict: PlanConflict(
                        constraints: [.init(kind: "x", detail: word)], isSmallest: true,
                        isProven: true, relaxations: [[word]])
                ).text
            }
        ),
        ("run", { RunText(report: RunReport(run: RunID(1), state: state($0))).text }),
        (
            "rest of a run",
            { word in
                RunRest(run: RunID(1), state: state(word), goal: .forward).text(width: 80)
            }
        ),
        (
            "status",
            { word in
                StatusText(
                    snapshot: snapshot(word), live: LiveFigures(of: [], rules: RateRules()),
                    only: nil, now: Example.start,
                    width: 80
                ).text
            }
        ),
        (
            "fitness",
            { word in
                FitnessCheck.text(of: [
                    .init(
                        host: HostName(word),
                        findings: [.init(item: word, grade: .failure, detail: word, remedy: word)])
                ])
            }
        ),
        (
            "table",
            { word in
                var table = Table("A", ">B")
                table.add(word, word)
                return table.text
            }
        ),
        ("bar", { ProgressLine(fraction: 0, name: $0, figures: [$0]).text(columns: 60) }),
    ]

    @Test(arguments: documents.indices) func noDocumentHasALineOfOthers(_ index: Int) {
        let (name, text) = Self.documents[index]
        let hostile = text(Self.hostile)
        #expect(Self.steering(hostile).isEmpty, "\(name)")
        for line in hostile.split(separator: "\n") {
            #expect(!line.hasPrefix("fake"), "\(name): \(line)")
        }
        #expect(hostile.contains("\\u{9b}31m"), "\(name): \(hostile)")
    }

    @Test func aPageHasNoneEither() throws {
        let scratch = try HistoryTests.Scratch()
        let names = "<b>\u{9B}\u{202E},50,2,\"<i>\u{1B}[2J\u{2028}\""
        try scratch.write(
            "time,domain,cpu,vcpus,host\n"
                + (0..<24).map { "\(1_700_006_400 + $0 * 300),\(names)\n" }.joined(),
            to: "t.csv")
        try scratch.must(
            0, "import", "csv", scratch.path("t.csv"), "--host", "host", "--into",
            scratch.path("fleet"))
        let ending = try scratch.must(
            0, "backtest", "--config", scratch.path("fleet/kvmbalance.yaml"), "--since",
            "2023-11-14", "--until", "2023-11-16", "--html", scratch.path("page.html"))
        let page = try String(contentsOfFile: scratch.path("page.html"), encoding: .utf8)
        #expect(
            page.contains("&lt;i&gt;\\u{1b}[2J") && !page.contains("<i>"), "\(page.prefix(999))")
        #expect(Self.steering(page).isEmpty && Self.steering(ending.text).isEmpty)
    }

    // MARK: The program

    /// libvirt takes such a name: XML forbids ESC, and not the CSI of the other control set.
    private func rename(_ play: Playground, _ name: String) throws {
        try play.editDomain("vm001") { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            facts["name"] = name
            domain["facts"] = facts
            return domain
        }
    }

    @Test func noCommandSteersTheTerminal() throws {
        let play = try Playground(speed: 20)
        try rename(play, "evil\u{9B}31mRED\u{202E}")
        let plan = play.path("plan.json")
        for words in [
            ["status"], ["status", "--output", "json"], ["snapshot"],
            ["plan", "drain", "host1", "--save", plan], ["plan", "drain", "host1"],
            ["explain", plan], ["apply", plan, "--yes"], ["runs", "list"], ["runs", "show", "1"],
            ["runs", "show", "1", "--output", "json"], ["explain", "1"],
            ["return", "host1", "--yes"],
            ["collect", "--once"], ["explain", plan, "no\u{9B}body"], ["drain", "no\u{9B}where"],
            ["runs", "show", "\u{9B}2J"], ["no-such-\u{9B}command"],
        ] {
            let ending = try play.run(words)
            #expect(ending.isCivil, "\(ending.text)")
            #expect(Self.steering(ending.text).isEmpty, "\(words): \(ending.text)")
        }
        let saved = try String(contentsOfFile: plan, encoding: .utf8)
        #expect(saved.contains("evil\\u009b31mRED") && Self.steering(saved).isEmpty)
    }

    /// On a terminal with bars: what steers there is ours alone.
    @Test func noBarSteersTheTerminal() throws {
        let play = try Playground(speed: 20)
        try rename(play, "evil\u{9B}31mRED")
        let terminal = try TerminalProgram(["drain", "host1", "--yes", "--config", play.config])
        #expect(terminal.wait() == 0, "\(terminal.seen)")
        #expect(terminal.seen.contains("evil\\u{9b}31mRED"))
        #expect(!terminal.seen.unicodeScalars.contains("\u{9B}"))
    }

    @Test func aRecordOfTheLogIsOneLine() {
        #expect(
            ConsoleLog.line(of: "warning collect: reason=no\nfake: all is well\u{9B}\n")
                == "warning collect: reason=no\\u{a}fake: all is well\\u{9b}")
    }
}
