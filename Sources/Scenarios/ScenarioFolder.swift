import ClusterModel
package import Execution
package import Foundation
package import PlacementPolicy
import Planning
package import Simulation

/// A folder of `simulations/`: a cluster, what goes wrong, perhaps a policy, and the story that
/// must come of it.
package struct ScenarioFolder {
    package let about: String
    /// It breaks a rule, which is known and not fixed yet.
    package let isKnown: Bool
    package let world: SimulatedWorld
    package let interruptions: VirtualRun.Interruptions
    package let seed: UInt64
    /// The drain or the move that the run carries out.
    let request: PlanRequest
    package let takeUps: [TakeUp]
    package var policy: Policy

    /// What a person asks for once a run has ended.
    package struct TakeUp: Hashable, Sendable {
        package var goal: RunGoal
        /// All that was broken only for a while works again before.
        package var whenWell: Bool
    }

    /// Error with the file's name in front.
    package struct Unreadable: Error, CustomStringConvertible {
        package let description: String
    }

    /// Whether this is a folder of this kind: it has a `faults.yaml`.
    package static func isStory(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent("faults.yaml").path)
    }

    /// Throws `Unreadable` with the file's name, and line and column where they are known.
    package init(at folder: URL) throws {
        func read<Value>(_ name: String, _ parse: (String) throws -> Value) throws -> Value {
            let file = folder.appendingPathComponent(name)
            do {
                return try parse(String(contentsOf: file, encoding: .utf8))
            } catch {
                throw Unreadable(description: "\(file.path): \(error)")
            }
        }
        let cluster = try read("cluster.yaml") { try ScenarioReader.cluster($0) }
        let policyFile = folder.appendingPathComponent("policy.yaml").path
        policy =
            FileManager.default.fileExists(atPath: policyFile)
            ? try read("policy.yaml") { try Policy(yaml: $0) } : .default
        let faults = try read("faults.yaml") { try ScenarioReader.faults($0, in: cluster) }
        about = faults.about
        isKnown = faults.isKnown
        var world = cluster
        world.schedule = faults.schedule
        self.world = world
        interruptions = faults.interruptions
        seed = faults.seed
        request = faults.request
        takeUps = faults.takeUps
    }

    /// With what was wished for.
    private func title(_ subject: String) -> String {
        let to = request.wishes.to.map(\.rawValue).joined(separator: ", ")
        let except = request.wishes.except.map(\.name).joined(separator: ", ")
        return subject + (to.isEmpty ? "" : " to \(to)")
            + (except.isEmpty ? "" : " except \(except)")
    }

    /// The story, as `expected.log` has it, and the run to its end.
    /// With `crashAfterRecord` our process dies once more than the folder says.
    package func play(
        crashAfterRecord extra: Int? = nil
    ) -> (story: String, violations: [String], records: Int, outcome: RunOutcome?) {
        let planner = PolicyPlanner(policy: policy, seed: seed, start: world)
        let first: (plan: MigrationPlan?, reason: String?)
        let subject: String
        if case .drain(let hosts, _) = request.goal {
            first = planner.plan(request, .drain, hosts, world)
            subject = "drain " + hosts.map(\.rawValue).joined(separator: ", ")
        } else {
            first = planner.plan(request, .move, [], world)
            subject = "move " + request.wishes.moves.map(\.name).joined(separator: ", ")
        }
        guard let plan = first.plan, plan.outcome == .plan else {
            return ("no plan to \(subject): \(first.reason ?? "\(first)")\n", [], 0, nil)
        }
        var run = VirtualRun(world: world, plan: plan, seed: seed, replanner: planner.replan)
        run.isTold = true
        run.checksCoding = true
        run.lot = .fixed(milliseconds: 10)
        run.interruptions = interruptions
        if let extra { run.interruptions.crashesAfterRecords.insert(extra) }
        var outcome = run.run()
        for takeUp in takeUps {
            if takeUp.whenWell { run.quiesce() }
            run.interruptions = VirtualRun.Interruptions()
            outcome = run.run(to: takeUp.goal)
        }
        let places = run.world.hosts.map { host in
            let copies = host.domains.map { copy in
                "\(copy.facts.name) \(copy.presence.rawValue)"
                    + (copy.facts.isPersistent ? "" : " transient")
            }
            return "  \(host.name)\(host.isLost ? " (lost)" : ""): "
                + (copies.isEmpty ? "nothing" : copies.joined(separator: ", "))
        }
        let lines =
            ["# \(about)", "# \(title(subject)), seed \(seed)"] + run.story + ["in the end:"]
            + places
        return (
            lines.joined(separator: "\n") + "\n", run.violations, run.journal.count, outcome
        )
    }
}
