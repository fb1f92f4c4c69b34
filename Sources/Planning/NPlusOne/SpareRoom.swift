import ClusterModel
import PlacementPolicy

/// Would the other hosts take over what runs on one host, should it fail?
///
/// Greedy, and so enough but not necessary: the failed host's domains, biggest first, each to the
/// first host by name that still has room for it; if some are left over, once more, each to the
/// host whose memory is emptiest. All resources count, anti-affinity does, affinity does not: a
/// group that is torn apart is better than one that is down. A domain counts if it could run on any
/// other host at all: for one that is bound to its host nobody can keep room.
/// O(hosts² × domains of a host) for all hosts.
struct SpareRoom {
    /// What would be left without a host.
    struct Shortfall {
        var host: Int
        var domains: [Int]
        var memory: Int64
        /// The others' load once all that find room have found it.
        var load: [Int64]
    }

    private let problem: PlacementProblem
    /// Who may take over: reachable, not in maintenance, not closed.
    private var compatibility: Compatibility
    private var open: [Int]
    /// Could it run on any other host at all?
    let isCounted: [Bool]
    private let order: [Int]

    /// `closed` hosts take over nothing: they are drained, or about to be switched off.
    init(_ problem: PlacementProblem, closed: Set<Int> = []) {
        self.problem = problem
        let compatibility = Compatibility(problem, closed: closed)
        self.compatibility = compatibility
        open = problem.hosts.indices.filter { compatibility.isOpen($0) }
        isCounted = Self.counted(problem)
        let peaks = problem.domains.indices.map { domain in
            problem.layout.cpu.map { problem.load(of: domain, $0) }.max() ?? 0
        }
        let domains = problem.domains
        order = domains.indices.sorted { left, right in
            let memory = (domains[left].facts.memory, domains[right].facts.memory)
            if memory.0 != memory.1 { return memory.0 > memory.1 }
            if peaks[left] != peaks[right] { return peaks[left] > peaks[right] }
            return domains[left].id < domains[right].id
        }
    }

    /// The same with other hosts closed.
    func closing(_ closed: Set<Int>) -> SpareRoom {
        var room = self
        let compatibility = Compatibility(problem, closed: closed)
        room.compatibility = compatibility
        room.open = problem.hosts.indices.filter { compatibility.isOpen($0) }
        return room
    }

    var countsAll: Bool { isCounted.allSatisfy { $0 } }

    private static func counted(_ problem: PlacementProblem) -> [Bool] {
        let anywhere = Compatibility(problem, homes: Set(problem.hosts.indices))
        var seen: [DomainID: Int] = [:]
        for domain in problem.domains { seen[domain.id, default: 0] += 1 }
        return problem.domains.indices.map { index in
            let domain = problem.domains[index]
            guard domain.facts.blockers.isEmpty, !domain.facts.isPinned,
                !domain.facts.isExcluded, !problem.policy.pin.matches(domain.name),
                !problem.policy.exclude.matches(domain.name),
                problem.policy.manager(of: domain.facts) == nil, seen[domain.id] == 1
            else { return false }
            return problem.hosts.indices.contains {
                anywhere.allows(index, from: problem.origin[index], to: $0)
            }
        }
    }

    /// Every host whose failure the others could not make good, in order of their names.
    func shortfalls(at moment: Moment) -> [Shortfall] {
        let victims = victims(at: moment)
        return problem.hosts.indices.compactMap { shortfall(of: $0, victims[$0], at: moment) }
    }

    /// The same, without those that were no better at the start.
    func worsened(at moment: Moment, since start: [Int: Int64]) -> [Shortfall] {
        shortfalls(at: moment).filter { $0.memory > start[$0.host] ?? 0 }
    }

    /// Shortfalls by host as a measure to compare with.
    func measure(_ placement: WorkingPlacement) -> [Int: Int64] {
        Dictionary(
            firstOf: shortfalls(at: Moment(placement)).map { ($0.host, $0.memory) })
    }

    private func victims(at moment: Moment) -> [[Int]] {
        var victims: [[Int]] = Array(repeating: [], count: problem.hosts.count)
        for domain in order where isCounted[domain] && moment.places[domain].count == 1 {
            victims[moment.places[domain][0]].append(domain)
        }
        return victims
    }

    private func shortfall(of host: Int, _ victims: [Int], at moment: Moment) -> Shortfall? {
        guard problem.hosts[host].isReachable, !victims.isEmpty else { return nil }
        var least: Shortfall?
        for emptiest in [false, true] {
            let rest = takeOver(victims, of: host, at: moment, emptiest: emptiest)
            if rest.domains.isEmpty { return nil }
            if rest.memory < least?.memory ?? Int64.max { least = rest }
        }
        return least
    }

    private func takeOver(
        _ victims: [Int], of host: Int, at moment: Moment, emptiest: Bool
    ) -> Shortfall {
        var rest = Shortfall(host: host, domains: [], memory: 0, load: moment.load)
        var placed: [Int: Int] = [:]
        for domain in victims {
            let fitting = open.lazy.filter {
                $0 != host && fits(domain, on: $0, rest.load)
                    && hasSeat(domain, on: $0, failed: host, moment, placed)
                    && compatibility.allows(domain, from: host, to: $0)
            }
            let target =
                emptiest
                ? fitting.min { (share($0, rest.load), $0) < (share($1, rest.load), $1) }
                : fitting.first
            guard let target else {
                rest.domains.append(domain)
                rest.memory += problem.domains[domain].facts.memory.count
                continue
            }
            placed[domain] = target
            for resource in 0..<problem.width {
                rest.load[target * problem.width + resource] += problem.load(of: domain, resource)
            }
        }
        return rest
    }

    private func share(_ host: Int, _ load: [Int64]) -> Int64 {
        let index = host * problem.width + ResourceLayout.memory
        return WorkingPlacement.share(load[index], of: problem.capacity[index])
    }

    private func fits(_ domain: Int, on host: Int, _ load: [Int64]) -> Bool {
        missing(domain, on: host, load) == nil
    }

    /// The resource of which a host lacks most for a domain, in its own scale.
    private func missing(
        _ domain: Int, on host: Int, _ load: [Int64]
    ) -> (resource: Int, amount: Int64, share: Int64)? {
        var worst: (resource: Int, amount: Int64, share: Int64)?
        for resource in 0..<problem.width {
            let demand = problem.load(of: domain, resource)
            let index = host * problem.width + resource
            let amount = load[index] + demand - problem.capacity[index]
            guard demand > 0, amount > 0 else { continue }
            let share = WorkingPlacement.share(amount, of: max(1, problem.capacity[index]))
            if share > worst?.share ?? -1 { worst = (resource, amount, share) }
        }
        return worst
    }

    /// Is there a place for one more of each of its anti-affinity groups?
    private func hasSeat(
        _ domain: Int, on host: Int, failed: Int, _ moment: Moment, _ placed: [Int: Int]
    ) -> Bool {
        problem.groupsOfDomain[domain].allSatisfy { index in
            let group = problem.groups[index]
            guard case .apart = group.kind else { return true }
            let item = problem.item(of: host, in: group.scope)
            let others = group.members.count { member in
                guard member != domain else { return false }
                if let target = placed[member] {
                    return problem.item(of: target, in: group.scope) == item
                }
                return moment.places[member].contains {
                    $0 != failed && problem.item(of: $0, in: group.scope) == item
                }
            }
            return others + 1 <= problem.allowed(in: group, at: item)
        }
    }

    // MARK: Words

    /// What the first domain that finds no room lacks, and on which host it lacks least; nil where
    /// none of the others may take it.
    func lack(_ shortfall: Shortfall) -> (amount: String, host: HostName)? {
        let domain = shortfall.domains[0]
        let nearest = open.filter {
            $0 != shortfall.host && compatibility.allows(domain, from: shortfall.host, to: $0)
        }.compactMap { target in
            missing(domain, on: target, shortfall.load).map { (target: target, missing: $0) }
        }.min { ($0.missing.share, $0.target) < ($1.missing.share, $1.target) }
        return nearest.map { target, missing in
            (
                problem.layout.resources[missing.resource].text(missing.amount),
                problem.hosts[target].name
            )
        }
    }

    /// Says whose failure would not fit, by how much, and what would help.
    func blocker(_ shortfall: Shortfall, while what: String) -> Blocker {
        let host = problem.hosts[shortfall.host].name
        let names = shortfall.domains.prefix(3).map { domain in
            "\(problem.domains[domain].name) (\(problem.domains[domain].facts.memory))"
        }
        let more = shortfall.domains.count - names.count
        let who = names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
        let off = "set 'nPlusOne: off' in the policy for now"
        guard let (amount, target) = lack(shortfall) else {
            return Blocker(
                host: host, reason: .nPlusOne,
                detail: "\(what), no other host may take over \(who) if \(host) fails",
                remedy: "drop the group or rule that forbids it, add a host, or \(off)")
        }
        return Blocker(
            host: host, reason: .nPlusOne,
            detail: "\(what), the others could not take over \(who) if \(host) fails: "
                + "\(amount) short on \(target), which comes nearest",
            remedy: "free \(amount) on \(target), add a host, or \(off)")
    }
}
