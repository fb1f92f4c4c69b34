import ClusterModel
import PlacementPolicy

/// Plans the reboot of many hosts in as few rounds as are found.
///
/// Each round is a drain of its hosts, exactly as the command `drain` would plan it from the world
/// that the rounds before leave, and a return after it if the policy says so. In a small fleet
/// whose domains return, the best partition is chosen among all sets that can be empty together; in
/// any other, rounds are filled host by host in several orders, of which the one with the fewest
/// rounds counts, then the one with the fewest moves. In a small fleet whose domains stay away, all
/// rounds that are no more than these are looked at as well.
struct RebootPlanning {
    let snapshot: ClusterSnapshot
    let policy: Policy
    let seed: UInt64
    let effort: SearchEffort

    /// Up to this many hosts, all sets of them are looked at.
    static let setsUpTo = 7
    /// Up to this many hosts whose guests stay away, all rounds of them are looked at.
    static let roundsUpTo = 5
    /// Orders of the hosts that are tried beside the sorted ones.
    static let shuffles = 2

    init(
        _ snapshot: ClusterSnapshot, under policy: Policy, seed: UInt64, effort: SearchEffort
    ) {
        self.snapshot = snapshot
        self.policy = policy
        self.seed = seed
        // For hosts that cannot be emptied only the blockers are reported, or nothing.
        self.effort = {
            var effort = effort
            effort.explainsConflicts = false
            return effort
        }()
    }

    func schedule(_ asked: [HostName]?, bestEffort: Bool) -> RollingReboot {
        let hosts = Set(asked ?? snapshot.hosts.map(\.name)).sorted()
        var reboot = RollingReboot(
            outcome: .nothingToDo,
            origin: MigrationPlan.Origin(of: snapshot),
            policy: policy.name, seed: seed, hosts: hosts)
        var able: [HostName] = []
        let world = self.world(snapshot)
        for host in hosts {
            let own = blockers(of: host, in: world)
            if own.isEmpty { able.append(host) } else { reboot.blockers += own }
        }
        guard !able.isEmpty, reboot.blockers.isEmpty || bestEffort else {
            if !reboot.blockers.isEmpty { reboot.outcome = .infeasible }
            return reboot
        }
        reboot.outcome = .plan
        reboot.rounds = best(able, in: world)
        let placed = Set(reboot.rounds.flatMap(\.hosts))
        for host in able where !placed.contains(host) {
            reboot.blockers.append(
                Blocker(
                    host: host, reason: .ordering,
                    detail: "it could be emptied now, but not after the earlier rounds",
                    remedy: "reboot it first, or set 'rollingReboot: {bringBack: true}'"))
        }
        if !reboot.blockers.isEmpty, !bestEffort {
            reboot.outcome = .infeasible
            reboot.rounds = []
        }
        reboot.fewestMoves = fewestMoves(reboot.rounds.flatMap(\.hosts))
        reboot.fewestRounds =
            RoundsBound(
                world.problem, hosts: reboot.rounds.flatMap(\.hosts),
                atMost: policy.reboot.hostsPerRound
            ).fewest
        return reboot
    }

    /// What keeps a host from being emptied even alone.
    private func blockers(of host: HostName, in world: DrainWorld) -> [Blocker] {
        if let it = snapshot.host(host), !it.isReachable {
            return [DrainPlanning.silence(of: it)]
        }
        let draft = drain([host], in: world, effort)
        guard draft.outcome == .infeasible else { return [] }
        let residents = snapshot.domains(on: host).map(\.name)
        let isNamed = draft.blockers.contains { blocker in
            blocker.host == host || blocker.domain.map(residents.contains) == true
        }
        // What stands against it may lie on other hosts alone.
        guard !isNamed, let first = draft.blockers.first else { return draft.blockers }
        return [
            Blocker(
                host: host, reason: first.reason,
                detail: "it cannot be emptied even alone: \(first.detail)", remedy: first.remedy)
        ]
    }

    /// Several hosts go together only where the others have the CPUs and no preferred rule is
    /// broken; where one cannot be emptied otherwise, both may be in its own round.
    private func drain(
        _ hosts: [HostName], in world: DrainWorld, _ effort: SearchEffort
    ) -> PlanDraft {
        func draft(in world: DrainWorld, _ effort: SearchEffort) -> PlanDraft {
            var planning = DrainPlanning(.drain(hosts), in: world, seed: seed)
            return planning.draft(bestEffort: false, effort: effort)
        }
        guard hosts.count == 1 else { return draft(in: world, effort) }
        return RuleBreaking.draft(policy, effort) { rules, effort in
            LeastOvershoot.draft(effort) { cpu, effort in
                let isSame = cpu == .kept && rules == policy
                let other = {
                    DrainWorld(world.snapshot, under: rules, .drain([]), cpu: cpu)
                }
                return draft(in: isSame ? world : other(), effort)
            }
        }
    }

    /// The same for hosts whose guests stay where they are taken. Who lands on a host that is still
    /// to be rebooted (`left`) moves once more, so that the other hosts are tried first.
    private func drain(
        _ hosts: [HostName], sparing left: Set<HostName>, in world: DrainWorld
    ) -> PlanDraft {
        let free = drain(hosts, in: world, effort)
        let (problem, compatibility) = (world.problem, world.compatibility)
        let settled = problem.hosts.indices.filter { compatibility.isOpen($0) }
            .map { problem.hosts[$0].name }.filter { !left.contains($0) && !hosts.contains($0) }
        guard !policy.reboot.bringsBack, !settled.isEmpty else { return free }
        let request = PlanRequest.drain(hosts, wishes: PlanWishes(to: settled.sorted()))
        var planning = DrainPlanning(request, in: world, seed: seed)
        let sparing = planning.draft(bestEffort: false, effort: effort)
        func cost(_ draft: PlanDraft) -> Int {
            var last: [Int: Int] = [:]
            for move in draft.sequence { last[move.domain] = move.target }
            let again = last.values.count { left.contains(problem.hosts[$0].name) }
            return draft.sequence.count + again
        }
        guard sparing.outcome == .plan else { return free }
        return free.outcome != .plan || cost(sparing) <= cost(free) ? sparing : free
    }

    private func world(_ snapshot: ClusterSnapshot) -> DrainWorld {
        DrainWorld(snapshot, under: policy, .drain([]), cpu: .kept)
    }

    /// The world once these moves are made: from another host the links may be too narrow.
    private func after(_ moves: [Move], in snapshot: ClusterSnapshot) -> ClusterSnapshot {
        ConvergenceForecast.blocking(in: snapshot.applying(moves), under: policy)
    }

    // MARK: Rounds

    private func best(_ hosts: [HostName], in world: DrainWorld) -> [RollingReboot.Round] {
        var best: [RollingReboot.Round] = []
        func take(_ rounds: [RollingReboot.Round]) {
            func cost(_ rounds: [RollingReboot.Round]) -> (Int, Int, Int) {
                let placed = rounds.reduce(0) { $0 + $1.hosts.count }
                return (-placed, rounds.count, rounds.reduce(0) { $0 + $1.moves })
            }
            if cost(rounds) < cost(best) { best = rounds }
        }
        if policy.reboot.bringsBack, hosts.count <= Self.setsUpTo {
            let partition = RoundPartition(hosts, atMost: largest) {
                moves(emptying: $0, in: world)
            }
            take(carriedOut(partition.rounds, in: world))
            return best
        }
        let bound = RoundsBound(world.problem, hosts: hosts, atMost: policy.reboot.hostsPerRound)
        var isWhole: Bool { best.reduce(0) { $0 + $1.hosts.count } == hosts.count }
        // Making room by moving others takes most of the time, and more moves: it is of use only
        // where there are fewer rounds to win.
        for displaces in [false, true] {
            for order in orders(hosts, in: world) {
                take(filled(order, displaces: displaces, in: world))
                let moves = best.reduce(0) { $0 + $1.moves }
                // No other order could win anything.
                if isWhole, best.count <= bound.fewest, moves <= fewestMoves(hosts) {
                    return best
                }
            }
            if isWhole, best.count <= bound.fewest { break }
        }
        if isWhole, !policy.reboot.bringsBack, hosts.count <= Self.roundsUpTo {
            improve(&best, [], left: hosts, in: world)
        }
        return best
    }

    /// Tries every way to put the hosts into no more rounds than these. A first round as full as it
    /// can be is not always best: what it takes to hosts that are still to be rebooted moves twice.
    private func improve(
        _ best: inout [RollingReboot.Round], _ rounds: [RollingReboot.Round],
        left: [HostName], in world: DrainWorld
    ) {
        guard !left.isEmpty else {
            best = rounds
            return
        }
        for set in 1..<(1 << left.count) {
            let (hosts, rest) = (
                left.indices.filter { set & (1 << $0) != 0 }.map { left[$0] },
                left.indices.filter { set & (1 << $0) == 0 }.map { left[$0] }
            )
            let isLast = rounds.count + 1 == best.count
            guard hosts.count <= largest, rest.isEmpty || !isLast else { continue }
            var next = world
            guard let round = exactRound(hosts, of: left, in: &next) else { continue }
            let all = rounds + [round]
            // Who is on a host that is still to be rebooted leaves it once more at least.
            let owed = next.snapshot.domains.count {
                rest.contains($0.host) && $0.facts.state.isActive
            }
            func moves(_ rounds: [RollingReboot.Round]) -> Int {
                rounds.reduce(0) { $0 + $1.moves }
            }
            guard moves(all) + owed < moves(best) else { continue }
            improve(&best, all, left: rest, in: next)
        }
    }

    /// Each running domain leaves once, and comes back once where the policy says so.
    private func fewestMoves(_ hosts: [HostName]) -> Int {
        let turned = Set(hosts)
        let leaving = snapshot.domains.count {
            turned.contains($0.host) && $0.facts.state.isActive
        }
        return policy.reboot.bringsBack ? 2 * leaving : leaving
    }

    private var largest: Int { policy.reboot.hostsPerRound ?? Int.max }

    /// The moves that empty these hosts as things stand; nil where none do.
    private func moves(emptying hosts: [HostName], in world: DrainWorld) -> Int? {
        // Most sets that fail do so for good: a tenth of the effort tells.
        var few = effort
        few.trialsPerRound /= 10
        few.trialsPerRoundWhenSmall /= 10
        few.proposals /= 10
        let draft = drain(hosts, in: world, few)
        return draft.outcome == .infeasible ? nil : draft.sequence.count
    }

    /// The fullest first, since they are hardest to empty; the emptiest first, since many of them
    /// go together; and others.
    private func orders(_ hosts: [HostName], in world: DrainWorld) -> [[HostName]] {
        let shares = hosts.map { host in
            let index = world.problem.hostIndex[host]
            return (host: host, share: index.map { world.placement.share(of: $0) } ?? 0)
        }
        let fullest = shares.sorted { ($1.share, $0.host) < ($0.share, $1.host) }.map(\.host)
        var random = SplitMix64(seed: seed)
        let shuffled = (0..<Self.shuffles).map { _ in hosts.shuffled(using: &random) }
        return [fullest, fullest.reversed()] + shuffled
    }

    /// Rounds filled one after another, each with as many hosts as go together, in this order.
    private func filled(
        _ order: [HostName], displaces: Bool, in start: DrainWorld
    ) -> [RollingReboot.Round] {
        var rounds: [RollingReboot.Round] = []
        var left = order
        var world = start
        while !left.isEmpty {
            let hosts = together(left, displaces: displaces, in: world)
            let found =
                hosts.isEmpty ? alone(left, in: &world) : round(hosts, of: left, in: &world)
            guard let round = found else { break }
            rounds.append(round)
            left.removeAll { round.hosts.contains($0) }
        }
        return rounds
    }

    /// A round with the first of these that can be emptied at all.
    private func alone(
        _ hosts: [HostName], in world: inout DrainWorld
    ) -> RollingReboot.Round? {
        for host in hosts {
            if let round = round([host], of: hosts, in: &world) { return round }
        }
        return nil
    }

    /// Carries out a partition; what does not go together after all is put off.
    private func carriedOut(
        _ sets: [[HostName]], in start: DrainWorld
    ) -> [RollingReboot.Round] {
        var rounds: [RollingReboot.Round] = []
        var world = start
        let hosts = sets.flatMap(\.self)
        var late: [HostName] = []
        for set in sets {
            guard let round = round(set, of: hosts, in: &world) else {
                late += set
                continue
            }
            rounds.append(round)
            late += set.filter { !round.hosts.contains($0) }
        }
        while !late.isEmpty, let round = round(late, of: late, in: &world) {
            rounds.append(round)
            late.removeAll { round.hosts.contains($0) }
        }
        return rounds
    }

    /// Hosts that go together, found by emptying one after another.
    private func together(
        _ hosts: [HostName], displaces: Bool, in world: DrainWorld
    ) -> [HostName] {
        let (problem, compatibility) = (world.problem, world.compatibility)
        let start = UnitPlacement(
            placement: world.placement, units: world.units, compatibility: compatibility,
            isMovable: world.isMovable)
        let keeper = SpareRoomKeeper(problem)
        let search = EmptyingSearch(
            start: start, takers: problem.hosts.indices.filter { compatibility.isOpen($0) },
            candidates: hosts.compactMap { problem.hostIndex[$0] }, emptiedAtMost: largest,
            movesAtMost: Int.max, proposals: 0, displaces: displaces
        ) { state, emptied, _ in
            keeper?.closing(Set(emptied)).worsened(state.placement).isEmpty ?? true
        }
        return search.inOrder().emptied.map { problem.hosts[$0].name }
    }

    /// A round with these hosts, or with fewer of them: the last are left out first.
    /// `left` are all that are still to be rebooted.
    private func round(
        _ hosts: [HostName], of left: [HostName], in world: inout DrainWorld
    ) -> RollingReboot.Round? {
        var hosts = Array(hosts.prefix(largest))
        while !hosts.isEmpty {
            if let round = exactRound(hosts, of: left, in: &world) { return round }
            hosts.removeLast(max(1, hosts.count / 16))
        }
        return nil
    }

    /// A round with just these hosts; nil where they cannot be empty together.
    private func exactRound(
        _ hosts: [HostName], of left: [HostName], in world: inout DrainWorld
    ) -> RollingReboot.Round? {
        let draft = drain(hosts.sorted(), sparing: Set(left).subtracting(hosts), in: world)
        guard draft.outcome != .infeasible else { return nil }
        var away = draft.plan(from: world.snapshot, under: policy, seed: seed)
        PlanNotes(draft).write(into: &away)
        let empty = self.after(away.moves, in: world.snapshot)
        let emptied = Set(hosts)
        let homecomings = world.snapshot.domains.filter {
            emptied.contains($0.host) && $0.facts.state.isActive
        }.map { ReturnMove($0.id, home: $0.host) }
        guard policy.reboot.bringsBack, !homecomings.isEmpty else {
            world = self.world(empty)
            return RollingReboot.Round(hosts: hosts.sorted(), away: away)
        }
        let back = Planner.plan(
            .return(homecomings, bestEffort: true), from: empty, under: policy, seed: seed,
            effort: effort)
        world = self.world(after(back.moves, in: empty))
        return RollingReboot.Round(hosts: hosts.sorted(), away: away, back: back)
    }
}
