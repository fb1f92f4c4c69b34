import Foundation
import Testing

/// The shipped units as shipped, sandboxed, under a real systemd, over qemu+ssh to real hosts.
@Suite(.needsLab, .timeLimit(.minutes(10)))
struct SystemdUnitTests {
    static let collect = "kvmbalance-collect.service"
    static let balance = "kvmbalance-balance.service"
    static let timer = "kvmbalance-balance.timer"
    static let folder = "/var/lib/kvmbalance"
    static let fleetFile = "/etc/kvmbalance/kvmbalance.yaml"

    @Test func bothUnitsWorkAndSayWhatIsWrong() async throws {
        try await withLab("units", hosts: 2) { lab in
            let system = try System(lab)
            try Self.withoutAFleetFile(system)
            try Self.withAWrongOne(system)
            try system.write(try Self.fleet(lab), to: Self.fleetFile)
            try Self.afterRootHasMadeTheFolder(system)
            try await Self.withARightOne(system)
            try Self.withRootInBetween(system)
            try await Self.whileARunHoldsTheFleet(lab, system)
            try Self.figuresOfTheReadme(system)
        }
    }

    private static func fleet(_ lab: Lab) throws -> String {
        try lab.lab("config").output.split(separator: "\n").map {
            $0.hasPrefix("database:") ? "database: /var/lib/kvmbalance" : String($0)
        }.joined(separator: "\n") + "\n"
    }

    /// There is nothing to do then: told once, and no failure.
    private static func withoutAFleetFile(_ system: System) throws {
        for unit in [collect, balance, timer] {
            #expect(try system.run("systemctl", "start", unit).status == 0)
            #expect(try system.show(unit, "ActiveState", "Result") == ["inactive", "success"])
            #expect(try system.show(unit, "ConditionResult") == ["no"])
            let told = try system.journal(unit)
            let words = "unmet condition check (ConditionPathExists=\(fleetFile))"
            #expect(told.ranges(of: words).count == 1, "\(told)")
        }
    }

    /// Trying again would not mend it: the unit stays failed.
    private static func withAWrongOne(_ system: System) throws {
        try system.write("hosts: []\n", to: fleetFile)
        for unit in [collect, balance] {
            _ = try system.run("systemctl", "start", unit)
            try system.wait(unit, toBe: "failed")
            let seen = try system.show(unit, "SubState", "ExecMainStatus", "NRestarts")
            #expect(seen == ["failed", "64", "0"])
            #expect(try system.journal(unit).contains("no hosts"))
            _ = try system.run("systemctl", "reset-failed", unit)
        }
    }

    private static func withARightOne(_ system: System) async throws {
        #expect(try system.run("systemctl", "start", collect).status == 0)
        try await Task.sleep(for: .seconds(15))
        try system.wait(collect, toBe: "active")
        // Without samples of every host it would refuse (exit 1).
        let started = try system.run("systemctl", "start", balance)
        let said = try system.journal(balance)
        #expect(started.status == 0, "\(started.text) \(said)")
        #expect(try system.show(balance, "Result") == ["success"])
        #expect(try system.journal(balance).contains("balance: nothing to do"))
        #expect(try system.measuredHosts() == ["host1", "host2"])
        for unit in [collect, balance] {
            let told = try system.journal(unit)
            // systemd would log that it kills an ssh that a call of the timer has left behind.
            let bad = ["SYS", "SIGKILL", "thread priority", "Connection reset", "not sampled"]
            for words in bad { #expect(!told.contains(words), "\(told)") }
        }
    }

    // MARK: Root and the service user, in any order

    /// On a machine where no unit has run yet: systemd gives the folder to the user.
    private static func afterRootHasMadeTheFolder(_ system: System) throws {
        // Root has a key of its own on such a machine; here it is the same one.
        #expect(try system.run("cp", "-r", "-T", "\(folder)/.ssh", "/root/.ssh").status == 0)
        #expect(try system.run("chown", "root:root", folder).status == 0)
        try system.asRoot("hosts", "disable", "host2")
        try system.asRoot("hosts", "enable", "host2")
    }

    /// First root's drain, which makes the lock, before the timer's first call; then root after it.
    /// Then the other way round, from an empty journal on.
    private static func withRootInBetween(_ system: System) throws {
        try system.asRoot("drain", "host2", "--yes")
        try system.asRoot("hosts", "enable", "host2")
        try expectACall(system)
        let files = ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "run.lock"]
        for file in files { _ = try system.run("rm", "-f", "\(folder)/\(file)") }
        try expectACall(system)
        try system.asRoot("drain", "host2", "--yes")
        try system.asRoot("hosts", "enable", "host2")
        try expectACall(system)
        let others = try system.run(
            "find", folder, "!", "-user", "kvmbalance", "-o", "-perm", "/022")
        #expect(others.output.isEmpty, "\(others.text)")
    }

    private static func expectACall(_ system: System) throws {
        let called = try system.run("systemctl", "start", balance)
        let said = try system.journal(balance)
        #expect(called.status == 0 && !said.contains("SIGKILL"), "\(called.text) \(said)")
    }

    /// One that lives is waited for; one that died waits for a person, and that is a failure each
    /// time.
    private static func whileARunHoldsTheFleet(_ lab: Lab, _ system: System) async throws {
        try lab.guest("slow", on: "host1", "--memory", "96", "--dirty", "2", "--wait")
        for host in ["host1", "host2"] { try lab.lab("link", host, "5") }
        let drain = try system.start(
            "runuser", "-u", "kvmbalance", "--", "kvmbalance", "drain", "host1", "--yes",
            "--config", fleetFile)
        try await lab.waitForMigration(of: "slow", from: "host1")
        #expect(try system.run("systemctl", "start", balance).status == 0)
        #expect(try system.show(balance, "Result") == ["success"])
        let waited = try system.journal(balance)
        #expect(waited.contains("another run holds the fleet"), "\(waited)")

        _ = try system.run("pkill", "-KILL", "-u", "kvmbalance", "-f", "^kvmbalance drain")
        _ = try drain.wait()
        for _ in 1...2 {
            #expect(try system.run("systemctl", "start", balance).status != 0)
            #expect(
                try system.show(balance, "ActiveState", "Result", "ExecMainStatus")
                    == ["failed", "exit-code", "5"])
        }
        #expect(try system.journal(balance).contains("kvmbalance runs abort 1"))
        for host in ["host1", "host2"] { try lab.lab("link", host, "off") }
        let aborted = try system.run(
            "runuser", "-u", "kvmbalance", "--", "kvmbalance", "runs", "abort", "1",
            "--config", fleetFile)
        #expect(aborted.output.contains("aborted"), "\(aborted.text)")
        #expect(try system.run("systemctl", "start", balance).status == 0)
        try lab.expectAllWell()
    }

    private static func figuresOfTheReadme(_ system: System) throws {
        let readme = try String(
            contentsOf: Lab.root.appendingPathComponent("README.md"), encoding: .utf8)
        for unit in [collect, balance] {
            let judged = try system.run("systemd-analyze", "security", "--no-pager", unit).output
            let level = try #require(
                judged.firstMatch(of: /Overall exposure level for \S+: ([0-9.]+ [A-Z]+)/)?.1)
            #expect(readme.contains("gives \(level)"), "systemd-analyze gives \(level)")
        }
    }
}

/// A systemd in the lab's controller, with the kvmbalance of this build installed as the README
/// says.
struct System {
    let lab: Lab

    init(_ lab: Lab) throws {
        self.lab = lab
        try lab.lab("systemd", Lab.kvmbalance)
    }

    private func words(_ words: [String]) -> [String] {
        [Lab.program, "run", lab.name, "systemd", "--"] + words
    }

    func run(_ command: String...) throws -> ShellResult { try shell(words(command)) }
    func start(_ command: String...) throws -> ShellCommand { try ShellCommand(words(command)) }

    func write(_ text: String, to path: String) throws {
        let written = try run("sh", "-c", "printf %s \"$1\" >\"$2\"", "-", text, path)
        guard written.status == 0 else { throw LabError("\(path): \(written.text)") }
    }

    /// What an administrator types after sudo.
    func asRoot(_ words: String...) throws {
        let done = try shell(
            self.words(["kvmbalance"] + words + ["--config", SystemdUnitTests.fleetFile]))
        #expect(done.status == 0, "\(words): \(done.text)")
    }

    /// Properties of a unit, in this order; what it does not have is left out.
    func show(_ unit: String, _ properties: String...) throws -> [String] {
        let text = try run(
            "systemctl", "show", "--property", properties.joined(separator: ","), unit
        )
        .output
        return properties.compactMap { property in
            text.split(separator: "\n").first { $0.hasPrefix("\(property)=") }
                .map { String($0.dropFirst(property.count + 1)) }
        }
    }

    func wait(_ unit: String, toBe state: String) throws {
        for _ in 0..<100 {
            let now = try show(unit, "ActiveState", "SubState")
            if now.first == state { return }
            // A unit that is to be restarted would come back to life forever.
            guard now.last != "auto-restart" else { throw LabError("\(unit) is restarted") }
            usleep(100_000)
        }
        throw LabError("\(unit) is not \(state): \(try journal(unit))")
    }

    func journal(_ unit: String) throws -> String {
        try run("journalctl", "--no-pager", "--output", "cat", "--unit", unit).output
    }

    /// Hosts of whose use the database tells: it takes two samples of each.
    func measuredHosts() throws -> [String] {
        let status = try run(
            "runuser", "-u", "kvmbalance", "--", "kvmbalance", "status", "--output", "json",
            "--config", SystemdUnitTests.fleetFile)
        let object = try JSONSerialization.jsonObject(with: Data(status.output.utf8))
        let live = (object as? [String: Any])?["live"] as? [String: Any]
        let hosts = live?["hosts"] as? [String: [String: Any]] ?? [:]
        return hosts.filter { $0.value["busy"] != nil }.keys.sorted()
    }
}
