import ClusterModel

/// No resource is ever overdrawn, in any interleaving that the graph allows.
///
/// A step takes at its target from its start and gives back at its source when it is done. So a
/// state of the run, seen by one resource, is a set X of arriving steps that have started, and the
/// departing steps that are done. The worst state for a given X has as few departures as possible:
/// those that X had to wait for, directly or not. Such a state can really be reached (carry out all
/// that X waits for, then start X, and nothing else), so the bound is exact: a resource is safe if
/// and only if
///
///     start + sum of X − sum of the departures that some step of X waits for  ≤  limit
///
/// for every set X. All sets are tried for a few arrivals; for many, the worst X is a closure of
/// greatest weight (see `WorstClosure`).
enum CapacityCheck {
    /// Up to this many arrivals, all sets of them are tried one by one.
    static let setsUpTo = 10

    static func violations(_ subject: CheckedCase) -> [Violation] {
        let usage = HostUsage(subject)
        var arrivals: [HostResource: [(step: Step, amount: Int64)]] = [:]
        var departures: [HostResource: [(step: Step, amount: Int64)]] = [:]
        var order: [HostResource] = []
        for step in subject.plan.steps {
            guard let domain = subject.domains[step.move.domain] else { continue }
            let here = usage.taken(by: domain, on: step.move.source)
            let there = usage.taken(by: domain, on: step.move.target)
            // A move within a zone changes nothing for a group of zones.
            for (resource, amount) in there where here[resource] == nil && amount > 0 {
                if arrivals[resource] == nil { order.append(resource) }
                arrivals[resource, default: []].append((step, amount))
            }
            for (resource, amount) in here where there[resource] == nil && amount > 0 {
                departures[resource, default: []].append((step, amount))
            }
        }
        return order.compactMap { resource -> Violation? in
            let incoming = (arrivals[resource] ?? []).map {
                ($0.amount, subject.ancestors(of: $0.step))
            }
            let outgoing = (departures[resource] ?? []).map { ($0.amount, $0.step.id) }
            let (start, limit) = (usage.used(resource), usage.limit(resource))
            let worst = start + worst(incoming, outgoing, enough: limit - start)
            guard worst > limit else { return nil }
            return Violation(
                resource.rule,
                "\(resource.name) can reach \(worst) where \(limit) is the limit")
        }.sorted { $0.detail < $1.detail }
    }

    /// The most that can be added to the start; any value up to `enough` when it is not more than
    /// that.
    private static func worst(
        _ incoming: [(amount: Int64, after: Set<StepID>)],
        _ outgoing: [(amount: Int64, step: StepID)], enough: Int64
    ) -> Int64 {
        let all = incoming.reduce(0) { $0 + $1.amount }
        if all <= enough { return all }
        if incoming.count > setsUpTo { return WorstClosure.weight(incoming, outgoing) }
        var worst: Int64 = 0
        for set in 0..<(1 << incoming.count) {
            let started = incoming.indices.filter { set & (1 << $0) != 0 }.map { incoming[$0] }
            let waited = started.reduce(into: Set<StepID>()) { $0.formUnion($1.after) }
            let added = started.reduce(0) { $0 + $1.amount }
            let left = outgoing.filter { waited.contains($0.step) }.reduce(0) { $0 + $1.amount }
            worst = max(worst, added - left)
        }
        return worst
    }
}
