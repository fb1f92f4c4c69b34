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
    private struct Traveller {
        var home: HostName
        var steps: [Step]
        var taken: [HostName: [Account: Int64]]
    }

    static func violations(_ it: CheckedCase) -> [Violation] {
        guard it.plan.steps.count <= stepsAtMost else { return [] }
        let ledger = Ledger(it)
        let travellers = travellers(it, ledger)
        var limits: [Account: Int64] = [:]
        /// What is in use at the start without the travellers.
        var others: [Account: Int64] = [:]
        for traveller in travellers {
            for account in traveller.taken.values.flatMap(\.keys) where limits[account] == nil {
                limits[account] = ledger.limit(account)
                others[account] = ledger.used(account)
            }
        }
        for traveller in travellers {
            for (account, amount) in traveller.taken[traveller.home] ?? [:] {
                others[account, default: 0] -= amount
            }
        }
        var found: Set<Violation> = []
        var seen: Set<State> = [State(running: [], done: [])]
        var open = Array(seen)
        while let state = open.popLast() {
            for (account, load) in loads(in: state, travellers, others)
            where load > limits[account] ?? Int64.max {
                found.insert(
                    Violation(
                        account.rule, "\(account.name) is over its limit in some interleaving"))
            }
            for next in successors(of: state, it) where seen.insert(next).inserted {
                open.append(next)
            }
        }
        return found.sorted { $0.detail < $1.detail }
    }

    private static func travellers(_ it: CheckedCase, _ ledger: Ledger) -> [Traveller] {
        Set(it.plan.steps.map(\.move.domain)).sorted().compactMap { id in
            guard let domain = it.domains[id] else { return nil }
            let steps = it.steps(of: id)
            let hosts = [domain.host] + steps.map(\.move.target)
            return Traveller(
                home: domain.host, steps: steps,
                taken: Dictionary(
                    firstOf: hosts.map { ($0, ledger.taken(by: domain, on: $0)) }))
        }
    }

    private static func successors(of state: State, _ it: CheckedCase) -> [State] {
        var next: [State] = []
        for step in it.plan.steps {
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

    /// What the others hold, and each traveller where it is now.
    private static func loads(
        in state: State, _ travellers: [Traveller], _ others: [Account: Int64]
    ) -> [Account: Int64] {
        var loads = others
        for traveller in travellers {
            var places: Set<HostName> = [traveller.home]
            for step in traveller.steps {
                if state.running.contains(step.id) { places.insert(step.move.target) }
                if state.done.contains(step.id) { places = [step.move.target] }
            }
            // Two hosts of one zone hold one member of a group of zones, not two.
            var now: [Account: Int64] = [:]
            for place in places {
                now.merge(traveller.taken[place] ?? [:]) { one, _ in one }
            }
            loads.merge(now, uniquingKeysWith: +)
        }
        return loads
    }
}
