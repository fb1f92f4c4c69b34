import Foundation
import Testing

/// `kill -9` of anything at any instant: nothing lost, nothing twice, and the run can be ended
/// well.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(60)))
struct CrashTests {
    static let guests = ["a", "b", "c", "d"]

    static func populate(_ lab: Lab) throws {
        for guest in guests.dropLast() {
            try lab.guest(guest, on: "host1", "--memory", "80", "--dirty", "2", "--autostart")
        }
        try lab.guest("d", on: "host1", "--memory", "96", "--dirty", "2")
        try lab.lab("wait")
        // Slow links make migrations long enough to be hit.
        for host in ["host1", "host2", "host3"] { try lab.lab("link", host, "300") }
    }

    /// Starts a drain and kills it after this many milliseconds.
    static func killDrain(_ lab: Lab, after milliseconds: Int) async throws {
        let drain = try lab.start("drain", "host1", "--yes")
        try await Task.sleep(for: .milliseconds(milliseconds))
        // `lab run` dies with its command's process group: kill what runs inside by its own id.
        try killInside(lab, drain)
        _ = try drain.wait()
    }

    static func killInside(_ lab: Lab, _ command: ShellCommand) throws {
        _ = try shell("pkill", "-KILL", "-f", "\(Lab.kvmbalance) .*--config \(lab.configFile)")
        command.send(SIGKILL)
    }

    @Test func aKilledDrainIsResumedOrRolledBack() async throws {
        try await withLab("crash", hosts: 3) { lab in
            try Self.populate(lab)
            var generator = SystemRandomNumberGenerator()
            for round in 0..<(2 * Lab.rounds) {
                let instant = Int.random(in: 300...9000, using: &generator)
                try await Self.killDrain(lab, after: instant)
                try await Self.endWell(lab, rollingBack: round % 2 == 1, instant: instant)
            }
        }
    }

    static func endWell(_ lab: Lab, rollingBack: Bool, instant: Int) async throws {
        let story = "killed after \(instant) ms, \(rollingBack ? "rolled back" : "resumed")"
        if let run = try unfinishedRun(lab) {
            let refused = try lab.kvmbalance("drain", "host1", "--yes")
            #expect(refused.status == 5, "\(story): a second run was let in: \(refused.text)")
            let verb = rollingBack ? "rollback" : "resume"
            let ended = try lab.kvmbalance("runs", verb, run, "--yes")
            #expect(ended.status == 0, "\(story): \(ended.text)")
            #expect(try lab.guests(on: "host1") == (rollingBack ? guests : []), "\(story)")
        }
        try lab.expectAllWell("\(story)")
        let back = try lab.kvmbalance("return", "host1", "--yes")
        #expect(back.status == 0, "\(story): \(back.text)")
        #expect(try lab.guests(on: "host1") == guests, "\(story)")
        for guest in guests {
            let info = try lab.virsh("host1", "dominfo", guest).output
            #expect(info.contains("Autostart:      enable") || guest == "d", "\(story): \(info)")
        }
    }

    /// The newest run, if it was left without an end.
    static func unfinishedRun(_ lab: Lab) throws -> String? {
        let list = try lab.kvmbalance("runs", "list", "--output", "json")
        let runs = try JSONSerialization.jsonObject(with: Data(list.output.utf8))
        guard let newest = (runs as? [[String: Any]])?.first,
            newest["state"] as? String == "running", let number = newest["run"] as? Int
        else { return nil }
        return "\(number)"
    }

    @Test(arguments: ["host1", "host2"])
    func aKilledDaemonLosesNoGuest(daemonOf host: String) async throws {
        try await withLab("daemon-\(host)", hosts: 2) { lab in
            try lab.guest("solo", on: "host1", "--memory", "128", "--dirty", "4", "--wait")
            for host in ["host1", "host2"] { try lab.lab("link", host, "150") }
            let drain = try lab.start("drain", "host1", "--yes")
            try await lab.waitForMigration(of: "solo", from: "host1")
            try lab.lab("kill", host, "libvirtd")
            try await Task.sleep(for: .seconds(2))
            try lab.lab("start", host, "libvirtd")
            let ended = try drain.wait()
            #expect([0, 1, 5].contains(ended.status), "\(ended.text)")
            try lab.expectAllWell("\(ended.text)")
            if ended.status == 0 { #expect(try lab.guests(on: "host1") == []) }
        }
    }
}
