import Foundation
import Testing

/// Saved plans and snapshots that the world or a person has changed since.
struct PlanFileTests {
    typealias Object = [String: Any]

    private func playWithPlan() throws -> Playground {
        let play = try Playground()
        try play.must(0, "plan", "drain", "host1", "--save", play.path("plan.json"))
        return play
    }

    private func step(_ plan: inout Object, _ change: (inout Object) -> Void) {
        var steps = plan["steps"] as? [Object] ?? []
        change(&steps[0])
        plan["steps"] = steps
    }

    @Test func anUntouchedPlanIsCarriedOut() throws {
        let play = try playWithPlan()
        try play.must(0, "apply", play.path("plan.json"), "--yes")
        #expect(!(try play.placement().values.contains("host1")))
        let stale = try play.must(1, "apply", play.path("plan.json"), "--yes")
        #expect(stale.errors.contains("Make a new plan"))
    }

    @Test func aChangedWorldIsRefused() throws {
        let play = try playWithPlan()
        let pristine = try play.read("fleet.json")
        let stop: (Object) -> Object? = { domain in
            var domain = domain
            var facts = domain["facts"] as? Object ?? [:]
            facts["state"] = "shut-off"
            domain["facts"] = facts
            domain["presence"] = "inactive"
            domain["startedAt"] = nil
            return domain
        }
        for (name, word) in [("vm001", "no longer runs"), ("vm002", "changed")] {
            try play.editDomain(name, stop)
            let ending = try play.must(1, "apply", play.path("plan.json"), "--yes")
            let says = ending.errors.contains(word) || ending.errors.contains("stopped")
            #expect(says, "\(ending.text)")
            try play.write(pristine, to: "fleet.json")
        }
        // Gone altogether.
        try play.editDomain("vm004") { _ in nil }
        let gone = try play.must(1, "apply", play.path("plan.json"), "--yes")
        #expect(gone.errors.contains("'vm004' is no longer on any of the hosts"))
        try play.write(pristine, to: "fleet.json")
        // A stranger on the host to be drained.
        try play.editHosts { host in
            guard host["name"] as? String == "host1",
                var domains = host["domains"] as? [Object]
            else { return }
            var stranger = domains[0]
            var facts = stranger["facts"] as? Object ?? [:]
            facts["name"] = "stranger"
            facts["id"] = "00000009-5150-4000-8000-000000000009"
            stranger["facts"] = facts
            domains.append(stranger)
            host["domains"] = domains
        }
        let new = try play.must(1, "apply", play.path("plan.json"), "--yes")
        #expect(new.errors.contains("'stranger' runs on host1"))
        #expect(try play.must(0, "runs", "list").output.contains("There are no runs"))
    }

    @Test func handEditedPlansAreRefused() throws {
        let play = try playWithPlan()
        let before = try play.placement()
        let edits: [(String, (inout Object) -> Void)] = [
            ("host9", { plan in step(&plan) { $0["target"] = "host9" } }),
            ("starts", { plan in step(&plan) { $0["target"] = "host1" } }),
            ("mode", { plan in step(&plan) { $0["mode"] = "fast" } }),
            ("moved cold", { plan in step(&plan) { $0["mode"] = "offline" } }),
            ("disks be copied", { plan in step(&plan) { $0["mode"] = "storage" } }),
            ("cannot be copied", { plan in step(&plan) { $0["copies"] = ["vda"] } }),
            ("the step says otherwise", { plan in step(&plan) { $0["shut_off"] = true } }),
            ("number", { plan in step(&plan) { $0["id"] = Int.max } }),
            ("number", { plan in step(&plan) { $0["id"] = 0 } }),
            ("twice", { plan in step(&plan) { $0["id"] = 2 } }),
            ("circle", { plan in step(&plan) { $0["after"] = [1] } }),
            ("not in the plan", { plan in step(&plan) { $0["after"] = [77] } }),
            ("called", { plan in step(&plan) { $0["domain"] = "other" } }),
            ("no running domain", { plan in step(&plan) { $0["uuid"] = "x" } }),
            ("source", { plan in step(&plan) { $0["source"] = nil } }),
            ("impossible", { plan in step(&plan) { $0["estimate"] = ["downtime_ms": Int64.min] } }),
            ("outside", { plan in step(&plan) { $0["estimate"] = ["start_seconds": 1e300] } }),
            ("outside", { $0["makespan_seconds"] = 1e300 }),
            ("outside", { $0["makespan_seconds"] = -1 }),
            ("version", { $0["version"] = 2 }),
            ("no host to drain", { $0["hosts"] = [String]() }),
            ("nowhere", { $0["hosts"] = ["nowhere"] }),
            ("not one of its hosts", { $0["kind"] = "return" }),
            ("balance", { $0["kind"] = "balance" }),
            ("without steps", { $0["steps"] = [Object]() }),
            ("perHost", { $0["limits"] = ["perHost": 0, "fleet": 5] }),
            (
                "still there",
                { plan in
                    plan["steps"] = (plan["steps"] as? [Object]).map { Array($0.dropFirst()) }
                }
            ),
        ]
        for (word, edit) in edits {
            try play.edit("plan.json", as: "edited.json", edit)
            let ending = try play.run("apply", play.path("edited.json"), "--yes")
            #expect(
                [1, 64].contains(ending.status) && ending.isCivil && ending.errors.contains(word),
                "'\(word)' was expected in: \(ending.text)")
        }
        for (key, value) in [
            ("timeoutSeconds", Int.max), ("bandwidth", -1), ("parallel", 0), ("attempts", 99),
            ("maxBandwidth", 0), ("maxDowntimeMilliseconds", Int.min),
        ] {
            try play.edit("plan.json", as: "edited.json") { plan in
                var options = plan["options"] as? Object ?? [:]
                options[key] = value
                plan["options"] = options
            }
            let ending = try play.must(1, "apply", play.path("edited.json"), "--yes")
            #expect(ending.errors.contains(key))
        }
        #expect(try play.placement() == before)
    }

    @Test func aFullTargetIsRefused() throws {
        let play = try playWithPlan()
        try play.editHosts { host in
            guard host["name"] as? String != "host1", var facts = host["facts"] as? Object
            else { return }
            facts["memory"] = 13_958_643_712
            host["facts"] = facts
        }
        // As if the plan had been made for this world: only the judge stands in the way.
        let digest = try #require(
            (try play.run("plan", "drain", "host1", "--output", "json").object()["origin"]
                as? Object)?["digest"])
        try play.edit("plan.json") { plan in
            var origin = plan["origin"] as? Object ?? [:]
            origin["digest"] = digest
            plan["origin"] = origin
        }
        let ending = try play.must(1, "apply", play.path("plan.json"), "--yes")
        #expect(ending.errors.contains("not a plan that may be run"), "\(ending.text)")
    }

    @Test func brokenFilesAreNamed() throws {
        let play = try playWithPlan()
        let whole = try play.read("plan.json")
        try play.write(String(whole.prefix(whole.count / 2)), to: "half.json")
        try play.write("", to: "empty.json")
        for name in ["half.json", "empty.json", "missing.json", "database"] {
            for command in ["apply", "explain"] {
                let ending = try play.must(64, command, play.path(name))
                #expect(ending.errors.contains(name), "\(ending.text)")
            }
        }
    }

    @Test func aSavedSnapshotKeepsWhatMigrationsTaught() throws {
        let play = try Playground()
        try play.must(0, "snapshot", "--save", play.path("s.json"))
        func teach(_ fixed: Int) throws {
            try play.edit("s.json", as: "taught.json") { snapshot in
                var calibration = snapshot["calibration"] as? Object ?? [:]
                var fleet = calibration["fleet"] as? Object ?? [:]
                fleet["fixedMilliseconds"] = fixed
                calibration["fleet"] = fleet
                snapshot["calibration"] = calibration
            }
        }
        func plan(_ status: Int32) throws -> Ending {
            try play.must(
                status, "plan", "drain", "host1", "--output", "json", "--snapshot",
                play.path("taught.json"))
        }
        func seconds(_ fixed: Int) throws -> Double {
            try teach(fixed)
            let data = Data(try plan(0).output.utf8)
            let object = try JSONSerialization.jsonObject(with: data) as? Object
            return try #require(object?["makespan_seconds"] as? Double)
        }
        let (quick, slow) = (try seconds(0), try seconds(600_000))
        #expect(slow >= quick + 600, "\(quick) s, then \(slow) s")
        for fixed in [-1, Int.max] {
            try teach(fixed)
            let refused = try plan(64)
            #expect(refused.errors.contains("calibration"), "\(refused.text)")
        }
    }

    @Test func handEditedSnapshotsAreRefused() throws {
        let play = try Playground()
        try play.must(0, "snapshot", "--save", play.path("s.json"))
        func domain(_ snapshot: inout Object, _ key: String, _ value: Any) {
            var domains = snapshot["domains"] as? [Object] ?? []
            var facts = domains[0]["facts"] as? Object ?? [:]
            facts[key] = value
            domains[0]["facts"] = facts
            snapshot["domains"] = domains
        }
        func host(_ snapshot: inout Object, _ key: String, _ value: Any) {
            var hosts = snapshot["hosts"] as? [Object] ?? []
            hosts[0][key] = value
            snapshot["hosts"] = hosts
        }
        let edits: [(String, (inout Object) -> Void)] = [
            ("version", { $0["version"] = 99 }),
            ("absurd", { domain(&$0, "memory", Int64.max) }),
            ("absurd", { domain(&$0, "memory", -5) }),
            ("absurd", { domain(&$0, "vcpus", Int.max) }),
            ("linkMbps", { host(&$0, "linkMbps", 0) }),
            (
                "twice",
                { snapshot in
                    var hosts = snapshot["hosts"] as? [Any] ?? []
                    hosts.append(hosts[0])
                    snapshot["hosts"] = hosts
                }
            ),
            ("demandSlots", { $0["demandSlots"] = 0 }),
            ("observedAt", { $0["observedAt"] = "yesterday" }),
        ]
        for (word, edit) in edits {
            try play.edit("s.json", as: "edited.json", edit)
            let ending = try play.must(
                64, "plan", "drain", "host1", "--snapshot", play.path("edited.json"))
            #expect(ending.errors.contains(word), "\(ending.text)")
        }
        let other = try play.must(64, "plan", "drain", "x", "--snapshot", play.path("s.json"))
        #expect(other.errors.contains("host1, host2, host3"))
        try play.must(64, "drain", "host1", "--yes", "--snapshot", play.path("s.json"))
    }
}
