import Foundation
import Testing

/// `plan rolling-reboot` on real hosts, carried out by the commands that it prints.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct RebootRunTests {
    @Test func everyHostIsEmptyOnceAndTheGuestsComeHome() async throws {
        try await withLab("reboot", hosts: 3) { lab in
            let start = ["a": "host1", "b": "host2", "c": "host3"]
            for (guest, host) in start.sorted(by: { $0.key < $1.key }) {
                try lab.guest(guest, on: host, "--memory", "80")
            }
            try lab.lab("wait")
            for _ in 0..<3 {
                let sampled = try lab.kvmbalance("collect", "--once")
                #expect(sampled.status == 0, "\(sampled.text)")
                try await Task.sleep(for: .seconds(1))
            }
            let policy = Lab.root.appendingPathComponent("policies/rolling-reboot.yaml").path
            let schedule = try lab.json("plan", "rolling-reboot", "--policy", policy)
            let rounds = try #require(schedule["rounds"] as? [[String: Any]], "\(schedule)")
            // While a round is down one more host may fail: of three hosts never two are down.
            #expect(rounds.count == 3)
            #expect(try lab.placement() == start, "planning moved something")

            var rebooted: [String] = []
            for round in rounds {
                let hosts = try #require(round["hosts"] as? [String])
                for command in try #require(round["commands"] as? [String]) {
                    try Self.carryOut(command, hosts: hosts, in: lab)
                }
                rebooted += hosts
            }
            #expect(rebooted.sorted() == ["host1", "host2", "host3"])
            #expect(try lab.placement() == start)
            try lab.expectAllWell()
        }
    }

    /// Runs a printed command as an operator would paste it; for the comment between them, the
    /// host's daemon goes down and comes up again, as by a reboot, with nothing running there.
    private static func carryOut(_ command: String, hosts: [String], in lab: Lab) throws {
        if command.hasPrefix("#") {
            for host in hosts {
                #expect(try lab.guests(on: host) == [], "\(host) would go down with guests on it")
                try lab.lab("kill", host, "libvirtd")
                try lab.lab("start", host, "libvirtd")
            }
            return
        }
        var words = command.split(separator: " ").map(String.init)
        #expect(words.removeFirst() == "kvmbalance" && words.contains(lab.configFile))
        // A printed command names its fleet file; people confirm, a test cannot.
        let isMove = words[0] == "drain" || words[0] == "return"
        let run = try shell(
            [Lab.program, "run", lab.name, "--", Lab.kvmbalance] + words
                + (isMove ? ["--yes"] : []))
        #expect(run.status == 0, "\(command)\n\(run.text)")
    }
}
