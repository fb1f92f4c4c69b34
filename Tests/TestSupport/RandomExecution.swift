package import ClusterModel

/// Carries a plan out in a random interleaving: any step may start when its waits are done, any
/// running step may end, with no limit on how many run.
package struct RandomExecution {
    private var random: SeededGenerator
    private let plan: MigrationPlan

    package init(_ plan: MigrationPlan, seed: UInt64) {
        self.plan = plan
        random = SeededGenerator(seed: seed)
    }

    /// Calls `look` in each state with the hosts that each moved domain is on.
    package mutating func run(_ look: ([DomainID: Set<HostName>]) -> Void) {
        var places: [DomainID: Set<HostName>] = [:]
        for step in plan.steps where step.after.isEmpty || places[step.move.domain] == nil {
            places[step.move.domain] = places[step.move.domain] ?? [step.move.source]
        }
        for step in plan.steps
        where plan.steps.first(where: {
            $0.move.domain == step.move.domain
        })?.id == step.id {
            places[step.move.domain] = [step.move.source]
        }
        var running: [Step] = []
        var done: Set<StepID> = []
        var waiting = plan.steps
        let laziness = random.int(1...4)
        while !waiting.isEmpty || !running.isEmpty {
            let ready = waiting.indices.filter { index in
                waiting[index].after.allSatisfy { done.contains($0) }
            }
            // Lazy runs end few steps and so have many at once.
            if let index = ready.randomElement(using: &random),
                running.isEmpty || !random.oneIn(laziness)
            {
                let step = waiting.remove(at: index)
                places[step.move.domain]?.insert(step.move.target)
                running.append(step)
            } else if let index = running.indices.randomElement(using: &random) {
                let step = running.remove(at: index)
                places[step.move.domain] = [step.move.target]
                done.insert(step.id)
            } else {
                preconditionFailure("the plan's steps wait for each other: \(waiting.map(\.id))")
            }
            look(places)
        }
    }
}
