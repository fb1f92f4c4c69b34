import ClusterModel
import PlacementPolicy

/// A plan to consolidate empties the hosts that it names and begins no other: fewer are in use
/// after it, none of them fuller than the policy allows unless it was fuller before.
enum ConsolidateCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        guard subject.plan.kind == .consolidate else { return [] }
        let rules = subject.policy.consolidate
        let before = places(subject, subject.domains.mapValues(\.host))
        let after = places(subject, subject.final)
        let emptied = Set(subject.plan.hosts)
        var found: [Violation] = []
        for name in subject.plan.hosts {
            let add = { found.append(Violation(.consolidate, host: name, $0)) }
            for domain in after[name] ?? [] { add("\(domain.name) is still there") }
            if before[name, default: []].isEmpty { add("it was empty before") }
            if rules.keep.matches(name.rawValue) { add("the policy keeps it in use") }
        }
        for (name, domains) in after.sorted(by: { $0.key < $1.key })
        where !domains.isEmpty && before[name, default: []].isEmpty {
            found.append(Violation(.consolidate, host: name, "it was empty and is used now"))
        }
        if emptied.count < max(1, rules.minEmptied) {
            found.append(
                Violation(.consolidate, "\(emptied.count) hosts are emptied, too few by the policy")
            )
        }
        let left = after.count { host, domains in
            !domains.isEmpty && subject.hosts[host]?.isReachable == true
        }
        if left < rules.minActive {
            found.append(
                Violation(.consolidate, "\(left) hosts stay in use, too few by the policy"))
        }
        if let most = rules.maxMoves, subject.plan.steps.count > most {
            found.append(
                Violation(.consolidate, "\(subject.plan.steps.count) moves where \(most) may be"))
        }
        return found + ceilings(subject, before, after)
    }

    private static func places(
        _ subject: CheckedCase, _ place: [DomainID: HostName]
    ) -> [HostName: [Domain]] {
        var places: [HostName: [Domain]] = [:]
        for domain in subject.active {
            let twice = subject.seenTwice.contains(domain.id)
            var hosts: Set<HostName> = [twice ? domain.host : place[domain.id] ?? domain.host]
            for migration in subject.snapshot.inFlight where migration.domain == domain.id {
                if let target = migration.target { hosts.insert(target) }
            }
            for host in hosts { places[host, default: []].append(domain) }
        }
        return places
    }

    private static func ceilings(
        _ subject: CheckedCase, _ before: [HostName: [Domain]], _ after: [HostName: [Domain]]
    ) -> [Violation] {
        let rules = subject.policy.consolidate
        return subject.snapshot.hosts.flatMap { host -> [Violation] in
            var found: [Violation] = []
            let check = { (what: String, capacity: Int64, share: Int64, loads: [Int64]) in
                let isOver = Int128(loads[1]) * 10_000 > Int128(capacity) * Int128(share)
                guard isOver, loads[1] > loads[0] else { return }
                found.append(
                    Violation(.consolidate, host: host.name, "its \(what) ends above the ceiling"))
            }
            let domains = [before[host.name] ?? [], after[host.name] ?? []]
            check(
                "memory", subject.policy.usableMemory(of: host).count, rules.memoryLimit,
                domains.map { own in
                    own.reduce(0) { $0 + subject.policy.memoryDemand(of: $1.facts).count }
                })
            let slots = max(1, subject.snapshot.demandSlots)
            for slot in 0..<slots {
                check(
                    "CPU", subject.policy.usableCPU(of: host).count, rules.cpuLimit,
                    domains.map { own in
                        own.reduce(0) {
                            $0 + subject.policy.cpuDemand(of: $1, slots: slots)[slot].count
                        }
                    })
            }
            return found
        }
    }
}
