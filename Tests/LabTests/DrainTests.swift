import Foundation
import Testing

/// The main job on real hosts: drain, return, and what must not be broken on the way.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct DrainTests {
    /// Eight guests of mixed sizes and loads, two of them anti-affine.
    static func populate(_ lab: Lab) throws {
        try lab.guest("web1", on: "host1", "--memory", "128", "--group", "anti-affinity=web")
        try lab.guest("web2", on: "host2", "--memory", "128", "--group", "anti-affinity=web")
        try lab.guest("db1", on: "host1", "--memory", "192", "--dirty", "4", "--autostart")
        try lab.guest("cache1", on: "host1", "--memory", "96", "--dirty", "2")
        try lab.guest("batch1", on: "host1", "--memory", "96", "--cpu", "10")
        try lab.guest("cron 'nightly'", on: "host2", "--memory", "80")
        try lab.guest("mail1", on: "host3", "--memory", "96", "--autostart")
        try lab.guest("gone1", on: "host1", "--memory", "80", "--transient", "--wait")
    }

    @Test func drainEmptiesAHostAndReturnRestoresThePlacement() async throws {
        try await withLab("drain", hosts: 3) { lab in
            try Self.populate(lab)
            let before = try lab.placement()
            #expect(before.count == 8)
            let collected = try lab.kvmbalance("collect", "--once")
            #expect(collected.status == 0, "\(collected.text)")

            let drain = try lab.kvmbalance("drain", "host1", "--yes")
            #expect(drain.status == 0, "\(drain.text)")
            #expect(try lab.guests(on: "host1") == [])
            try lab.expectAllWell()
            let middle = try lab.placement()
            #expect(middle["web1"] != middle["web2"], "anti-affinity was broken")
            let autostart = try lab.virsh(try #require(middle["db1"]), "list", "--autostart")
            #expect(autostart.output.contains("db1"), "autostart was lost: \(autostart.text)")
            try Self.expectDowntimes(lab, run: "1")

            let again = try lab.kvmbalance("drain", "host1", "--yes")
            #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again.text)")

            let back = try lab.kvmbalance("return", "host1", "--yes")
            #expect(back.status == 0, "\(back.text)")
            #expect(try lab.placement() == before)
            try lab.expectAllWell()
            try await Self.disableHost2(lab, run: "3")
        }
    }

    /// Of what is to go to a host that is disabled meanwhile, only what is on its way arrives. The
    /// other host has room for all, and no 'web2'.
    static func disableHost2(_ lab: Lab, run: String) async throws {
        let slow = lab.file("slow.yaml")
        try "name: slow\nlimits: {perHost: 1, fleet: 1}\n".write(
            toFile: slow, atomically: true, encoding: .utf8)
        let drain = try lab.start("drain", "host1", "--yes", "--policy", slow)
        try await PromiseTests.says("migrating", drain)
        let report = try lab.json("runs", "show", run)
        let steps = try #require(report["steps"] as? [[String: Any]])
        let next = steps.last {
            $0["state"] as? String == "pending" && $0["target"] as? String == "host2"
        }
        let domain = try #require(next?["domain"] as? String, "\(report)")
        let residents = try lab.guests(on: "host2")
        let told = try lab.kvmbalance("hosts", "disable", "host2")
        #expect(told.status == 0, "\(told.text)")
        let ended = try drain.wait()
        #expect(ended.status == 0, "\(ended.text)")
        #expect(try lab.guests(on: "host1") == [])
        let placement = try lab.placement()
        #expect(placement[domain] == "host3", "\(ended.text)")
        for (guest, host) in placement where host == "host2" && !residents.contains(guest) {
            #expect(told.output.contains("'\(guest)' (step"), "\(guest) arrived: \(told.text)")
        }
        try lab.expectAllWell()
    }

    /// Each migrated guest's downtime is told, and comes from libvirt's job statistics.
    static func expectDowntimes(_ lab: Lab, run: String) throws {
        let report = try lab.json("runs", "show", run)
        let steps = try #require(report["steps"] as? [[String: Any]])
        #expect(!steps.isEmpty)
        for step in steps {
            let observed = try #require(
                step["observed"] as? [String: Any], "no observation in \(step)")
            #expect((observed["downtime_ms"] as? Int ?? 0) > 0, "no downtime in \(step)")
        }
    }

    @Test func drainWorksOverTCPAndManagedToo() async throws {
        try await withLab("routes", hosts: 2) { lab in
            try lab.writeConfig(transport: "tcp")
            try lab.guest("one", on: "host1", "--wait")
            let managed = try lab.kvmbalance("drain", "host1", "--yes", "--managed")
            #expect(managed.status == 0, "\(managed.text)")
            let back = try lab.kvmbalance("return", "host1", "--yes", "--p2p")
            #expect(back.status == 0, "\(back.text)")
            #expect(try lab.placement() == ["one": "host1"])
            try lab.expectAllWell()
        }
    }

    @Test func hostsThatCanNotReachEachOtherAreServedFromHere() async throws {
        try await withLab("apart", hosts: 2) { lab in
            try lab.guest("one", on: "host1", "--wait")
            let config = try String(contentsOfFile: lab.configFile, encoding: .utf8)
            try config.replacingOccurrences(
                of: "    migrationAddress: 10.77.0.2\n",
                with: "    migrationAddress: 10.77.0.2\n    peerURI: qemu+tcp://host2:1/system\n"
            ).write(toFile: lab.configFile, atomically: true, encoding: .utf8)
            let drain = try lab.kvmbalance("drain", "host1", "--yes")
            #expect(drain.status == 0, "\(drain.text)")
            #expect(drain.errors.contains("managed"), "\(drain.text)")
            try lab.expectAllWell()
        }
    }

    @Test func aDrainThatFitsOnlyInTheRightOrderSucceeds() async throws {
        try await withLab("order", hosts: 3) { lab in
            // With 128 MiB overhead each: host2 holds mover (160), and has room for 'big' only
            // when mover has gone to host3, which is too small for 'big'.
            try lab.guest("big", on: "host1", "--memory", "192", "--wait")
            try lab.guest("mover", on: "host2", "--memory", "96", "--wait")
            let total = try Self.hostMemoryMiB(lab)
            try lab.writeConfig(reserve: [
                "host1": "memory: 1GiB", "host2": "memory: \(total - 400)MiB",
                "host3": "memory: \(total - 300)MiB",
            ])
            let plan = try lab.json("plan", "drain", "host1")
            #expect(plan["outcome"] as? String == "plan", "\(plan)")
            let steps = try #require(plan["steps"] as? [[String: Any]])
            #expect(steps.map { $0["domain"] as? String } == ["mover", "big"], "\(plan)")
            #expect(steps.last?["after"] as? [Int] == [1], "\(plan)")
            let drain = try lab.kvmbalance("drain", "host1", "--yes")
            #expect(drain.status == 0, "\(drain.text)")
            #expect(try lab.placement() == ["big": "host2", "mover": "host3"])
            try lab.expectAllWell()

            try lab.writeConfig(reserve: [
                "host1": "memory: 1GiB", "host2": "memory: \(total - 400)MiB",
                "host3": "memory: \(total - 350)MiB",
            ])
            try await Self.expectInfeasible(lab, total: total)
        }
    }

    /// Neither host has room: the plan says what is short, by how much, on which host.
    static func expectInfeasible(_ lab: Lab, total: Int) async throws {
        try lab.writeConfig(reserve: [
            "host1": "memory: \(total - 200)MiB", "host3": "memory: \(total - 300)MiB",
        ])
        let before = try lab.placement()
        let refused = try lab.kvmbalance("drain", "host2", "--yes")
        #expect(refused.status == 3, "\(refused.text)")
        #expect(refused.output.contains("MiB"), "\(refused.text)")
        #expect(refused.output.contains("host1") && refused.output.contains("host3"))
        #expect(try lab.placement() == before)
    }

    static func hostMemoryMiB(_ lab: Lab) throws -> Int {
        let info = try lab.virsh("host1", "nodememstats").output
        let line = try #require(info.split(separator: "\n").first { $0.hasPrefix("total") })
        let kibibytes = try #require(line.split(separator: " ").compactMap { Int($0) }.first)
        return kibibytes / 1024
    }
}
