import ClusterModel
import PlacementPolicy

/// A plan to balance repairs constraints that were broken, or makes nothing worse that it is meant
/// to repair: overload does not grow; no peak rises, except within its limit where overload falls;
/// and overload falls, or a peak or a spread, of all hosts or of those that the plan touches.
///
/// Counts again from the domains' places; hosts that are unreachable or in maintenance take no
/// part.
enum BalanceCheck {
    /// Shares of the hosts in hundredths of a percent, by what is measured.
    private struct Shares {
        var ofHosts: [Int64]
        var limit: Int64

        var peak: Int64 { ofHosts.max() ?? 0 }
        var spread: Int64 { peak - (ofHosts.min() ?? 0) }
        var overload: Int64 { ofHosts.reduce(0) { $0 + max(0, $1 - limit) } }

        /// Both, of the hosts alone whose shares differ.
        func touched(_ other: Shares) -> (old: Shares, new: Shares) {
            let pairs = zip(ofHosts, other.ofHosts).filter { $0 != $1 }
            return (
                Shares(ofHosts: pairs.map(\.0), limit: limit),
                Shares(ofHosts: pairs.map(\.1), limit: limit)
            )
        }
    }

    static func violations(_ subject: CheckedCase) -> [Violation] {
        guard subject.plan.kind == .balance, subject.plan.outcome == .plan else { return [] }
        let broken = [subject.domains.mapValues(\.host), subject.final].map {
            BrokenConstraints(subject, $0)
        }
        if broken[1].isLess(than: broken[0]) { return [] }
        let before = shares(subject, subject.domains.mapValues(\.host))
        let after = shares(subject, subject.final)
        var found: [Violation] = []
        let overload = [before, after].map { $0.reduce(0) { $0 + $1.overload } }
        for (measure, (old, new)) in zip(subject.policy.balance.measures, zip(before, after))
        where new.peak > old.peak {
            if overload[1] < overload[0], new.peak <= new.limit { continue }
            found.append(
                Violation(
                    .balance,
                    "the highest \(measure.rawValue) share rises from \(old.peak) to "
                        + "\(new.peak) hundredths of a percent"))
        }
        if overload[1] > overload[0] {
            found.append(
                Violation(.balance, "overload grows from \(overload[0]) to \(overload[1])"))
        }
        let isBetter =
            overload[1] < overload[0]
            || zip(before, after).contains { old, new in
                let touched = old.touched(new)
                return new.peak < old.peak || new.spread < old.spread
                    || touched.new.peak < touched.old.peak
                    || touched.new.spread < touched.old.spread
            }
        if !isBetter { found.append(Violation(.balance, "nothing is better balanced after it")) }
        return found
    }

    private static func shares(_ subject: CheckedCase, _ place: [DomainID: HostName]) -> [Shares] {
        let slots = max(1, subject.snapshot.demandSlots)
        let idle = [Int64](repeating: 0, count: slots)
        var memory: [HostName: Int64] = [:]
        var cpu: [HostName: [Int64]] = [:]
        for domain in subject.active {
            // One that is seen twice never moves: each sighting counts where it is.
            let isTwin = subject.seenTwice.contains(domain.id)
            var places = [isTwin ? domain.host : place[domain.id] ?? domain.host]
            // A migration under way holds its target once, however often its domain is seen.
            let isFirst = subject.domains[domain.id]?.host == domain.host
            for migration in subject.snapshot.inFlight
            where isFirst && migration.domain == domain.id {
                if let target = migration.target, target != domain.host { places.append(target) }
            }
            let demand = subject.policy.cpuDemand(of: domain, slots: slots).map(\.count)
            for host in places {
                memory[host, default: 0] += subject.policy.memoryDemand(of: domain.facts).count
                for slot in demand.indices { cpu[host, default: idle][slot] += demand[slot] }
            }
        }
        let hosts = subject.snapshot.hosts.filter { $0.isReachable && !$0.inMaintenance }
        return subject.policy.balance.measures.map { measure in
            let limit = subject.policy.balance.limit(measure)
            switch measure {
            case .memory:
                return Shares(
                    ofHosts: hosts.map {
                        share(memory[$0.name] ?? 0, of: subject.policy.usableMemory(of: $0).count)
                    }, limit: limit)
            case .cpu:
                return Shares(
                    ofHosts: hosts.map {
                        share(cpu[$0.name]?.max() ?? 0, of: subject.policy.usableCPU(of: $0).count)
                    }, limit: limit)
            }
        }
    }

    private static func share(_ load: Int64, of capacity: Int64) -> Int64 {
        if load <= 0 { return 0 }
        return capacity > 0
            ? Int64(saturating: Double(load) * 10_000 / Double(capacity)) : 1_000_000
    }
}
