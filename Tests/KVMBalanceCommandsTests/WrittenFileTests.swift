import ClusterModel
import Foundation
import Glibc
import PlacementPolicy
import Testing

/// Files that commands write: for their owner alone, over nothing that is there, and with others'
/// names as names.
struct WrittenFileTests {
    private func mode(_ path: String) -> mode_t {
        var info = stat()
        return lstat(path, &info) == 0 ? info.st_mode & 0o777 : 0
    }

    private func imported(_ scratch: HistoryTests.Scratch) throws -> String {
        try scratch.write(
            "time,domain,cpu,vcpus\n"
                + (0..<24).map { "\(1_700_006_400 + $0 * 300),a,50,2\n" }.joined(), to: "t.csv")
        try scratch.must(
            0, "import", "csv", scratch.path("t.csv"), "--into", scratch.path("fleet"))
        return scratch.path("fleet/kvmbalance.yaml")
    }

    @Test func plansAndRecordsAreForTheirOwner() throws {
        let play = try Playground()
        try play.must(0, "plan", "drain", "host1", "--save", play.path("plan.json"))
        try play.must(0, "snapshot", "--save", play.path("s.json"))
        // Also where somebody opened an earlier one to all.
        chmod(play.path("s.json"), 0o644)
        try play.must(0, "snapshot", "--save", play.path("s.json"))
        for name in ["plan.json", "s.json", "database/journal.sqlite", "database/metrics.sqlite"] {
            #expect(mode(play.path(name)) == 0o600, "\(name)")
        }
        #expect(mode(play.path("database")) == 0o700)
        let scratch = try HistoryTests.Scratch()
        let config = try imported(scratch)
        let span = ["--since", "2023-11-14", "--until", "2023-11-16"]
        try scratch.must(
            0, "record", scratch.path("case"), "--config", config, span[0], span[1], span[2],
            span[3])
        try scratch.must(
            0, "backtest", "--config", config, span[0], span[1], span[2], span[3], "--html",
            scratch.path("page.html"))
        for name in ["case/cluster.json", "case/history.csv", "page.html", "fleet/kvmbalance.yaml"]
        {
            #expect(mode(scratch.path(name)) == 0o600, "\(name)")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path("case"))
        #expect(left.sorted() == ["cluster.json", "history.csv"])
    }

    @Test func aDeviceIsWrittenToAndNotReplaced() throws {
        let play = try Playground()
        try play.must(0, "snapshot", "--save", "/dev/null")
        var info = stat()
        #expect(stat("/dev/null", &info) == 0 && info.st_mode & S_IFMT == S_IFCHR)
        let refused = try play.must(1, "snapshot", "--save", play.folder.path)
        #expect(refused.errors.contains("cannot be written: Is a directory"), "\(refused.text)")
        let nowhere = try play.must(1, "snapshot", "--save", play.path("no/where"))
        #expect(nowhere.errors.contains("No such file or directory"), "\(nowhere.text)")
    }

    @Test func aFleetFileIsNotWrittenOver() throws {
        let scratch = try HistoryTests.Scratch()
        try scratch.write("mine\n", to: "mine/kvmbalance.yaml")
        let refused = try scratch.must(64, "simulated-fleet", scratch.path("mine"))
        #expect(
            refused.errors.contains("mine/kvmbalance.yaml already exists")
                && refused.errors.contains("--force"))
        let kept = try String(contentsOfFile: scratch.path("mine/kvmbalance.yaml"), encoding: .utf8)
        #expect(kept == "mine\n")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("mine/fleet.json")))
        try scratch.must(0, "simulated-fleet", scratch.path("mine"), "--force")
        try scratch.must(64, "simulated-fleet", scratch.path("mine"))
    }

    @Test func recordsAndPagesAreNotWrittenOver() throws {
        let scratch = try HistoryTests.Scratch()
        let config = try imported(scratch)
        let span = ["--since", "2023-11-14", "--until", "2023-11-16", "--config", config]
        func run(_ status: Int32, _ words: String...) throws -> Ending {
            let ending = try Program(words + span, in: scratch.folder).wait()
            #expect(ending.status == status && ending.isCivil, "\(ending.text)")
            return ending
        }
        try scratch.write("mine\n", to: "case/history.csv")
        #expect(
            try run(64, "record", scratch.path("case")).errors.contains(
                "history.csv already exists"))
        #expect(
            try String(contentsOfFile: scratch.path("case/history.csv"), encoding: .utf8)
                == "mine\n")
        _ = try run(0, "record", scratch.path("case"), "--force")
        _ = try run(64, "record", scratch.path("case"))
        try scratch.write("mine\n", to: "page.html")
        let page = scratch.path("page.html")
        #expect(try run(64, "backtest", "--html", page).errors.contains("already exists"))
        #expect(try String(contentsOfFile: page, encoding: .utf8) == "mine\n")
        _ = try run(0, "backtest", "--html", page, "--force")
        _ = try run(0, "backtest", "--html", "/dev/null")
    }

    /// A folder's name is as much somebody else's as a host's.
    @Test(arguments: ["plain", "a: b #c", "it's \"quoted\"", "ж \u{85}x", "- [x]"])
    func aFolderOfAnyNameHasAFleetFileThatIsRead(_ name: String) throws {
        let scratch = try HistoryTests.Scratch()
        try scratch.must(0, "simulated-fleet", scratch.path(name), "--hosts", "2")
        let file = scratch.path("\(name)/kvmbalance.yaml")
        let fleet = try FleetReader.read(try String(contentsOfFile: file, encoding: .utf8))
        #expect(fleet.hosts.map(\.name) == ["host1", "host2"])
        #expect(fleet.database == scratch.path("\(name)/database"))
        try scratch.must(0, "hosts", "list", "--config", file)
    }

    /// What a record holds of others' names is read back as it was.
    @Test(arguments: ["a,b", "\"q\"", "x\u{2028}y", "tab\tname", "ж 漢", "<b>"])
    func aRecordedNameIsReadBack(_ name: String) throws {
        let scratch = try HistoryTests.Scratch()
        let cell = "\"" + name.replacing("\"", with: "\"\"") + "\""
        try scratch.write(
            "time,domain,cpu,vcpus\n"
                + (0..<24).map { "\(1_700_006_400 + $0 * 300),\(cell),50,2\n" }.joined(),
            to: "t.csv")
        try scratch.must(
            0, "import", "csv", scratch.path("t.csv"), "--into", scratch.path("fleet"))
        try scratch.must(
            0, "record", scratch.path("case"), "--config", scratch.path("fleet/kvmbalance.yaml"),
            "--since", "2023-11-14", "--until", "2023-11-16")
        try scratch.must(0, "simulate", scratch.path("case"), "--brief")
    }

    // MARK: Trust

    @Test func metadataThatThePolicyIgnoresBindsNobody() throws {
        let play = try Playground()
        try play.editDomain("vm001") { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            facts["isPinned"] = true
            domain["facts"] = facts
            return domain
        }
        #expect(try play.must(3, "plan", "drain", "host1").output.contains("[pinned]"))
        try play.write("name: tenants\nmetadata: {default: ignore}\n", to: "tenants.yaml")
        try play.must(0, "snapshot", "--save", play.path("s.json"))
        for more in [[], ["--snapshot", play.path("s.json")]] {
            let ending = try play.run(
                ["plan", "drain", "host1", "--policy", play.path("tenants.yaml")] + more)
            #expect(ending.status == 0, "\(ending.text)")
            #expect(
                ending.output.contains(
                    "vm001: policy 'tenants' ignores its metadata: anti-affinity group 'pair0', "
                        + "pinned"),
                "\(ending.text)")
        }
    }
}
