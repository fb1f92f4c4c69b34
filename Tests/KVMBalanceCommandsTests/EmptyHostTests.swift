import Foundation
import Testing

/// Nobody is told that a host is empty, or that nothing goes there, while it is not so.
struct EmptyHostTests {
    @Test func whatBestEffortLeavesMakesTheDrainFail() throws {
        let play = try Playground()
        try play.write("name: pinned\npin: [vm001]\n", to: "pinned.yaml")
        let home = try #require(try play.placement()["vm001"])
        let ending = try play.must(
            1, "drain", home, "--yes", "--best-effort", "--policy", play.path("pinned.yaml"))
        #expect(ending.output.contains("\(home) is not empty: 'vm001' runs there"))
        #expect(try play.placement().filter { $0.value == home }.map(\.key) == ["vm001"])
        #expect(try play.maintenance() == [home])
    }

    /// It uses no CPU and cannot be moved; its process is there, with its memory.
    @Test func aCrashedGuestWhoseProcessWasKeptIsNamed() throws {
        let play = try Playground()
        let home = try #require(try play.placement()["vm001"])
        try play.editDomain("vm001") { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            facts["state"] = "crashed"
            domain["facts"] = facts
            return domain
        }
        let refused = try play.must(3, "drain", home, "--yes")
        #expect(refused.output.contains("vm001") && refused.output.contains("it has crashed"))
        #expect(refused.output.contains("virsh destroy 'vm001'"), "\(refused.text)")
        let drained = try play.must(1, "drain", home, "--yes", "--best-effort")
        #expect(drained.output.contains("\(home) is not empty: 'vm001' runs there"))
        // Nor is it empty when there is nothing left that could be planned.
        try play.must(3, "drain", home, "--yes", "--best-effort")
        #expect(try play.maintenance() == [home])
    }

    @Test func aHostThatIsDisabledDuringARunGetsNothingMore() throws {
        let play = try Playground(hosts: 4, domains: 12, speed: 2)
        try play.write(
            "name: slow\nlimits: {perHost: 1, fleet: 1}\n", to: "slow.yaml")
        let residents = try play.placement().filter { $0.value == "host2" }.keys
        // All that leaves is planned to go to host2.
        try play.must(0, "hosts", "disable", "host3", "host4")
        let drain = try play.start("drain", "host1", "--yes", "--policy", play.path("slow.yaml"))
        try drain.says("migrating")
        try play.must(0, "hosts", "enable", "host3", "host4")
        let report = try play.must(0, "runs", "show", "1", "--output", "json").object()
        let steps = try #require(report["steps"] as? [[String: Any]])
        #expect(steps.count > 2 && steps.allSatisfy { $0["target"] as? String == "host2" })
        let coming = try #require(steps.first { $0["state"] as? String == "running" })
        let name = try #require(coming["domain"] as? String)
        let told = try play.must(0, "hosts", "disable", "host2")
        #expect(told.output.contains("run 1 is not over: '\(name)' (step"), "\(told.text)")
        let ending = try drain.wait()
        #expect(ending.status == 0 && ending.isCivil, "\(ending.text)")
        let after = try play.placement()
        #expect(!after.values.contains("host1"))
        #expect(Set(after.filter { $0.value == "host2" }.keys) == Set(residents).union([name]))
        let quiet = try play.must(0, "hosts", "disable", "host2")
        #expect(!quiet.output.contains("run 1"))
    }
}
