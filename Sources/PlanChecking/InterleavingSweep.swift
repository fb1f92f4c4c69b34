import ClusterModel

/// A second opinion on small plans, with no argument in it at all: visits every state that a run can be
/// in and adds up what is on each host.
enum InterleavingSweep {
    /// Three states a step: up to 3⁷ = 2,187 states.
    static let stepsAtMost = 7

    /// Which steps run and which are done.
    private struct State: Hashable {
        var running: Set<StepID>
        var done: Set<StepID>
    }

    static func violations(_ it: CheckedCase) -> [Violation] {
        guard it.plan.steps.count <= stepsAtMost else { return [] }
        let ledger = Ledger(it)
        var limits: [Account: Int64] = [:]
        var starts: [Account: Int64] = [:]
        for step in it.plan.steps {
            guard let domain = it.domains[step.move.domain] else { continue }
            for host in [step.move.source, step.move.target] {
                for account in ledger.taken(by: domain, on: host).keys where limits[account] == nil
                {
                    limits[account] = ledger.limit(account)
                    starts[account] = ledger.used(account)
                }
            }
        }
        var found: Set<Violation> = []
        var seen: Set<State> = [State(running: [], done: [])]
        var open = Array(seen)
        while let state = open.popLast() {
            let loads = loads(in: state, it, ledger, starts)
            for (account, load) in loads where load > limits[account] ?? Int64.max {
                found.insert(
                    Violation(
                        account.rule,
                        "\(account.name) is over its limit in some interleaving"))
            }
            for next in successors(of: state, it) where seen.insert(next).inserted {
                open.append(next)
            }
        }
        return found.sorted { $0.detail < $1.detail }
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

    /// The start, with each moved domain taken from where it was and put where it is now.
    private static func loads(
        in state: State, _ it: CheckedCase, _ ledger: Ledger, _ starts: [Account: Int64]
    ) -> [Account: Int64] {
        var loads = starts
        for id in Set(it.plan.steps.map(\.move.domain)) {
            guard let domain = it.domains[id] else { continue }
            var places: Set<HostName> = [domain.host]
            for step in it.steps(of: id) {
                if state.running.contains(step.id) { places.insert(step.move.target) }
                if state.done.contains(step.id) { places = [step.move.target] }
            }
            for (account, amount) in ledger.taken(by: domain, on: domain.host) {
                loads[account, default: 0] -= amount
            }
            // Two hosts of one zone hold one member of a group of zones, not two.
            var now: [Account: Int64] = [:]
            for place in places {
                now.merge(ledger.taken(by: domain, on: place)) { one, _ in one }
            }
            loads.merge(now, uniquingKeysWith: +)
        }
        return loads
    }
}
