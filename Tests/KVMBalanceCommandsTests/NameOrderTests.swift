import ArgumentParser
import ClusterModel
import Foundation
import Testing

@testable import KVMBalanceCommands
@testable import Rendering

/// Names in the order in which people look for them, figures with their units, and commands that do
/// what was shown.
struct NameOrderTests {
    @Test func numbersCountAsNumbers() {
        let names = [
            "host10", "host2", "host1", "a2b10", "a2b9", "host02", "Host1", "host", "host1a",
            "9", "10", "", "host99999999999999999999999", "host100000000000000000000000",
        ]
        #expect(
            names.inNaturalOrder { $0 } == [
                "", "9", "10", "Host1", "a2b9", "a2b10", "host", "host1", "host1a", "host02",
                "host2", "host10", "host99999999999999999999999", "host100000000000000000000000",
            ])
        for left in names {
            #expect(!NaturalOrder.precedes(left, left))
            for right in names where left != right {
                #expect(
                    NaturalOrder.precedes(left, right) != NaturalOrder.precedes(right, left))
            }
        }
    }

    @Test func hostsAreListedByTheirNumbers() throws {
        let play = try Playground(hosts: 11, domains: 11)
        func order(_ text: String) -> [String] {
            var seen: [String] = []
            for match in text.matches(of: /host\d+/) where !seen.contains(String(match.output)) {
                seen.append(String(match.output))
            }
            return seen
        }
        let hosts = (1...11).map { "host\($0)" }
        #expect(order(try play.must(0, "status").output) == hosts)
        #expect(order(try play.must(0, "hosts", "list").output) == hosts)
        #expect(order(try play.must(0, "collect", "--once").output) == hosts)
        let check = try play.run("hosts", "check", "--no-probe").output
        #expect(
            check.split(separator: "\n").compactMap { $0.firstMatch(of: /^host\d+/) }
                .map { String($0.output) }.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
                == hosts)
        let drain = try play.must(0, "drain", "host10", "host2", "--yes")
        #expect(drain.output.contains("drain host2, host10:"), "\(drain.text)")
        #expect(try play.must(0, "runs", "list").output.contains("host2,host10"))
        #expect(try play.must(0, "runs", "show", "1").output.contains("drain host2, host10"))
        // For programs the order is what it was.
        let snapshot = try play.run("snapshot").object()["hosts"] as? [[String: Any]] ?? []
        #expect(snapshot.compactMap { $0["name"] as? String } == hosts.sorted())
        let reboot = try play.must(0, "plan", "rolling-reboot").output
        for match in reboot.matches(of: /Round \d+: (.*)/) {
            let names = match.1.split(separator: ", ").map(String.init)
            #expect(names == names.inNaturalOrder { $0 })
        }
    }

    @Test func aCountIsACount() throws {
        let play = try Playground(hosts: 3, domains: 3)
        try play.must(0, "plan", "drain", "host1", "--save", play.path("plan.json"))
        try play.edit("plan.json") { plan in
            var steps = plan["steps"] as? [[String: Any]] ?? []
            steps[0]["effect"] = [
                "serves": "drain",
                "before": ["hosts_in_use": 3, "busiest_host_memory_percent": 80.5],
                "after": ["hosts_in_use": 2, "busiest_host_memory_percent": 75],
            ]
            plan["steps"] = steps
        }
        let text = try play.must(0, "explain", play.path("plan.json")).output
        #expect(text.contains("hosts in use 3 -> 2"), "\(text)")
        #expect(text.contains("busiest host memory 80.5 % -> 75 %"), "\(text)")
    }

    // MARK: Commands

    /// Every option of how to migrate, as `--help` names it, with a value where it wants one.
    private static func options() throws -> [[String]] {
        let needs = [
            "offline-domains": ["--offline"], "direct": ["--p2p"],
            "max-bandwidth": ["--bandwidth", "1"],
            "postcopy-bandwidth": ["--postcopy"], "copy-storage-inc": [],
        ]
        let values = ["comp-methods": "mt", "when-stuck": "abort", "offline-domains": "a b,c*"]
        return MigrationFlags.helpMessage().matches(of: /\n  --([a-z0-9-]+)( <)?/).map { match in
            let name = String(match.1)
            return (needs[name] ?? []) + ["--\(name)"]
                + (match.2 == nil ? [] : [values[name] ?? "2"])
        }
    }

    @Test func theWordsOfAnOptionSayTheSameAgain() throws {
        let options = try Self.options()
        #expect(options.count > 25)
        for option in options {
            guard let flags = try? MigrationFlags.parse(option) else { continue }
            let again = try MigrationFlags.parse(flags.words)
            #expect(Set(flags.words) == Set(option), "\(option): \(flags.words)")
            #expect(again.applied(to: .init()) == flags.applied(to: .init()))
            #expect(again.words == flags.words)
        }
    }

    @Test func theCommandsOfARebootSayHowItWasPlanned() throws {
        let play = try Playground(hosts: 3, domains: 3)
        try play.write("name: my policy\n", to: "my policy.yaml")
        let shown = try play.must(
            0, "plan", "rolling-reboot", "--copy-storage-all", "--max-downtime", "800", "--policy",
            play.path("my policy.yaml"), "--seed", "7")
        let flags =
            " --copy-storage-all --max-downtime 800 --policy '\(play.path("my policy.yaml"))'"
            + " --seed 7 --config \(play.config)"
        let commands = Self.commands(shown)
        #expect(commands.count >= 3, "\(shown.text)")
        for command in commands {
            let isPlanned = !command.contains("hosts check")
            #expect(command.hasSuffix(isPlanned ? flags : " --config \(play.config)"))
            #expect(isPlanned || !command.contains("--policy"))
        }
    }

    private static func commands(_ shown: Ending) -> [String] {
        shown.output.matches(of: /\$ (kvmbalance .*)/).map { String($0.1) }
    }

    @Test func theCommandsOfARebootDoWhatWasShown() throws {
        let play = try Playground(hosts: 3, domains: 3, isSampled: false)
        // It rewrites more than the network carries: only post-copy gets it away.
        try play.editDomain("vm001") { domain in
            var domain = domain
            domain["dirtyRate"] = Int64(8) << 30
            domain["hotSet"] = nil
            return domain
        }
        for _ in 1...2 { try play.must(0, "collect", "--once") }
        try play.must(3, "plan", "drain", "host1")
        let shown = try play.must(0, "plan", "rolling-reboot", "host1", "--postcopy")
        let commands = Self.commands(shown)
        let drain = try #require(commands.first { $0.contains("drain host1") }, "\(shown.text)")
        let home = try #require(commands.first { $0.contains("return host1") }, "\(shown.text)")
        // As a person would paste them.
        for command in [drain, home] {
            let pasted = command.replacing(
                "kvmbalance ", with: "'\(Program.path)' ", maxReplacements: 1)
            let ending = try shell(pasted + " --yes")
            #expect(ending.status == 0, "\(pasted): \(ending.output)")
            guard command == drain else { continue }
            #expect(
                ending.output.contains(
                    "'kvmbalance return host1 --postcopy --config \(play.config)'"),
                "\(ending.output)")
        }
    }

    private func shell(_ script: String) throws -> (status: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "\(script) </dev/null 2>&1"]
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    @Test func aSavedPlanTellsHowItIsCarriedOut() throws {
        let play = try Playground()
        let file = play.path("my plan.json")
        let said = try play.must(0, "plan", "drain", "host1", "--save", file).errors
        #expect(said.contains("kvmbalance apply '\(file)' --config "), "\(said)")
    }
}
