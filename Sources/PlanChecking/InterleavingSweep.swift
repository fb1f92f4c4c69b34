import ClusterModel

/// A second opinion on small plans, with no argument in it at all: visits every state that a run
/// can be in and adds up what is on each host.
enum InterleavingSweep {
    /// Three states a step: up to 3⁶ = 729 states.
    static let stepsAtMost = 6

    /// Which steps run and which are done.
    private struct State: Hashable {
        var running: Set<StepID>
        var done: Set<StepID>
    }

    /// A moved domain with its steps in their order, and what it takes wherever it comes.
    private struct MovingDomain {
        var home: HostName
        var steps: [Step]
        var taken: [HostName: [HostResource: Int64]]
    }

    static func violations(_ subject: CheckedCase) -> [Violation] {
        guard subject.plan.steps.count <= stepsAtMost else { return [] }
        let usage = HostUsage(subject)
        let movingDomains = movingDomains(subject, usage)
        var limits: [HostResource: Int64] = [:]
        /// What is in use at the start without the moving domains.
        var others: [HostResource: Int64] = [:]
        for movingDomain in movingDomains {
            for resource in movingDomain.taken.values.flatMap(\.keys) where limits[resource] == nil
            {
                limits[resource] = usage.limit(resource)
                others[resource] = usage.used(resource)
            }
        }
        for movingDomain in movingDomains {
            for (resource, amount) in movingDomain.taken[movingDomain.home] ?? [:] {
                others[resource, default: 0] -= amount
            }
        }
        var found: Set<Violation> = []
        var seen: Set<State> = [State(running: [], done: [])]
        var open = Array(seen)
        while let state = open.popLast() {
            for (resource, load) in loads(in: state, movingDomains, others)
            where load > limits[resource] ?? Int64.max {
                found.insert(
                    Violation(
                        resource.rule, "\(resource.name) is over its limit in some interleaving"))
            }
            for next in successors(of: state, subject) where seen.insert(next).inserted {
                open.append(next)
            }
        }
        return found.sorted { $0.detail < $1.detail }
    }

    private static func movingDomains(_ subject: CheckedCase, _ usage: HostUsage) -> [MovingDomain]
    {
        Set(subject.plan.steps.map(\.move.domain)).sorted().compactMap { id in
            guard let domain = subject.domains[id] else { return nil }
            let steps = subject.steps(of: id)
            let hosts = [domain.host] + steps.map(\.move.target)
            return MovingDomain(
                home: domain.host, steps: steps,
                taken: Dictionary(
                    firstOf: hosts.map { ($0, usage.taken(by: domain, on: $0)) }))
        }
    }

    private static func successors(of state: State, _ subject: CheckedCase) -> [State] {
        var next: [State] = []
        for step in subject.plan.steps {
            if state.running.contains(step.id) {
                var ended = state
                ended.running.remove(step.id)
                ended.done.insert(step.id)
                next.append(ended)
            } else if !state.done.contains(step.id),
                step.after.allSatisfy({ state.done.contains($0) })
            {
                var started = state
                started.running.insert(step.id)
                next.append(started)
            }
        }
        return next
    }

    /// What the others hold, and each moving domain where it is now.
    private static func loads(
        in state: State, _ movingDomains: [MovingDomain], _ others: [HostResource: Int64]
    ) -> [HostResource: Int64] {
        var loads = others
        for movingDomain in movingDomains {
            var places: Set<HostName> = [movingDomain.home]
            for step in movingDomain.steps {
                if state.running.contains(step.id) { places.insert(step.move.target) }
                if state.done.contains(step.id) { places = [step.move.target] }
            }
            // Two hosts of one zone hold one member of a group of zones, not two.
            var now: [HostResource: Int64] = [:]
            for place in places {
                now.merge(movingDomain.taken[place] ?? [:]) { one, _ in one }
            }
            loads.merge(now, uniquingKeysWith: +)
        }
        return loads
    }
}
