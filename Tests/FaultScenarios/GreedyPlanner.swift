package import ClusterModel
package import Execution
package import Simulation

/// A simple stand-in for the planner, good enough to keep capacity at every moment: it puts each
/// domain where the most room is, and orders moves by what frees the room they need.
package struct GreedyPlanner {
    package let drained: HostName
    package let limits: MigrationLimits
    package let options: MigrationOptions
    /// Its plans are older than what a cold move would lose, as a plan from a file can be.
    package var ignoresLosses = false

    package func replan(
        _ goal: RunGoal, _ exclusions: [Exclusion], _ state: RunState, _ world: SimulatedWorld
    ) -> (plan: MigrationPlan?, reason: String?) {
        switch goal {
        case .forward:
            (
                drain(
                    world, without: exclusions,
                    stopped: Set(state.stopped.map(\.guest.domain))), nil
            )
        case .rollback:
            (
                goHome(
                    state.displacements, world, without: exclusions,
                    starting: state.stopped.map(\.guest)), nil
            )
        case .abort: (nil, "nothing is planned for an abort")
        }
    }

    /// Whom it has `stopped` it stops no second time.
    package func drain(
        _ world: SimulatedWorld, without exclusions: [Exclusion] = [],
        stopped: Set<DomainID> = []
    ) -> MigrationPlan {
        let inPlace = GreedyStops(drained: drained, stopped: stopped, exclusions: exclusions)
        var free = room(in: world)
        var moves: [Move] = []
        var blockers: [Blocker] = []
        for copy in leaving(world, from: drained)
        where !inPlace.stops(copy, world) && !(stopped.contains(copy.id) && !copy.isActive) {
            let targets = free.keys.sorted().filter { name in
                name != drained && isUsable(name, world) && !world.closed.contains(name)
                    && !exclusions.contains { $0.forbids(name, for: copy.id) }
                    && (free[name] ?? .zero) >= Self.memory(copy)
                    && world.host(name)?.domain(copy.id) == nil
            }
            let best = targets.max { (free[$0] ?? .zero, $1) < (free[$1] ?? .zero, $0) }
            guard isUsable(drained, world), let best, copy.facts.blockers.isEmpty,
                way(of: copy, on: drained, world) != nil
            else {
                blockers.append(blocker(copy))
                continue
            }
            free[best, default: .zero] -= Self.memory(copy)
            moves.append(Move(domain: copy.id, source: drained, target: best))
        }
        let steps = ordered(moves, world).steps
        return plan(.drain, steps + inPlace.steps(after: steps, world), blockers, world)
    }

    /// The inverse of what the run did.
    package func goHome(
        _ displacements: [Move], _ world: SimulatedWorld, without exclusions: [Exclusion],
        starting stopped: [StoppedGuest] = []
    ) -> MigrationPlan {
        var starts: [StoppedGuest] = []
        var moves: [Move] = []
        var blockers: [Blocker] = []
        for old in displacements {
            let move = Move(domain: old.domain, source: old.target, target: old.source)
            guard let copy = world.host(move.source)?.domain(move.domain),
                copy.holdsGuest || isDefinitionToMove(copy, world)
            else { continue }
            let isPossible =
                way(of: copy, on: move.source, world) != nil
                && isUsable(move.source, world) && isUsable(move.target, world)
                && !world.closed.contains(move.target)
                && !exclusions.contains { $0.forbids(move.target, for: move.domain) }
                && world.host(move.target)?.domain(move.domain) == nil
            if isPossible { moves.append(move) } else { blockers.append(blocker(copy)) }
        }
        for guest in stopped {
            // What somebody else has done to it since is left alone.
            guard let copy = world.copy(of: guest.domain, on: guest.host), !copy.isActive,
                world.holders(of: guest.domain).isEmpty,
                copy.facts.hasManagedSave == guest.isSaved
            else { continue }
            let isPossible =
                isUsable(guest.host, world)
                && !exclusions.contains { $0.forbids(guest.host, for: guest.domain) }
                && (room(in: world)[guest.host] ?? .zero) >= copy.facts.memory
            if isPossible { starts.append(guest) } else { blockers.append(blocker(copy)) }
        }
        let (steps, stuck) = ordered(moves, world, keeping: starts)
        blockers += stuck.compactMap { world.copy(of: $0.domain, on: $0.source) }.map(blocker)
        let all = steps + GreedyStops.steps(starting: starts, after: steps, world)
        return plan(.rollback, all, blockers, world)
    }

    /// Steps in an order that fits: each waits for all earlier departures from its target, if it
    /// needs them. What fits in no order comes back as stuck.
    /// Who is started beside them has its room from the beginning.
    package func ordered(
        _ moves: [Move], _ world: SimulatedWorld, keeping starts: [StoppedGuest] = []
    ) -> (steps: [Step], stuck: [Move]) {
        var free = room(in: world)
        for guest in starts {
            let memory = world.copy(of: guest.domain, on: guest.host)?.facts.memory ?? .zero
            free[guest.host, default: .zero] -= memory
        }
        var departures: [HostName: [(step: StepID, memory: Bytes)]] = [:]
        var steps: [Step] = []
        var left = moves
        while !left.isEmpty {
            let next = left.firstIndex { move in
                let freed = departures[move.target, default: []].reduce(Bytes.zero) {
                    $0 + $1.memory
                }
                return (free[move.target] ?? .zero) + freed >= memory(move, world)
            }
            guard let next else { return (steps, left) }
            let move = left.remove(at: next)
            let needed = memory(move, world)
            let isTight = (free[move.target] ?? .zero) < needed
            let id = StepID(steps.count + 1)
            var step = Step(
                id: id, domainName: name(move, world), move: move,
                after: isTight ? departures[move.target, default: []].map(\.step) : [])
            if let copy = world.copy(of: move.domain, on: move.source),
                let way = way(of: copy, on: move.source, world)
            {
                (step.mode, step.copies, step.isShutOff) = (way.mode, way.copies, way.isShutOff)
            }
            steps.append(step)
            free[move.target, default: .zero] -= needed
            departures[move.source, default: []].append((id, needed))
        }
        return (steps, [])
    }

    private func leaving(_ world: SimulatedWorld, from host: HostName) -> [SimulatedDomain] {
        (world.host(host)?.domains ?? []).filter {
            ($0.holdsGuest && $0.presence != .postcopyFailed) || isDefinitionToMove($0, world)
        }
    }

    private func way(
        of copy: SimulatedDomain, on host: HostName, _ world: SimulatedWorld
    ) -> GreedyWays.Way? {
        guard options.offline != nil || options.copyStorageAll != nil else {
            return GreedyWays.Way(mode: .live)
        }
        return GreedyWays(options: options, ignoresLosses: ignoresLosses)
            .way(of: copy, on: world.host(host))
    }

    /// It does not run and is named to move cold; what cannot go stays defined where it is.
    private func isDefinitionToMove(_ copy: SimulatedDomain, _ world: SimulatedWorld) -> Bool {
        guard !copy.isActive, options.offline != nil, world.holders(of: copy.id).isEmpty
        else { return false }
        return GreedyWays(options: options, ignoresLosses: ignoresLosses)
            .way(of: copy, on: nil) != nil
    }

    /// What it takes of its target.
    private static func memory(_ copy: SimulatedDomain) -> Bytes {
        copy.isActive ? copy.facts.memory : .zero
    }

    private func isUsable(_ host: HostName, _ world: SimulatedWorld) -> Bool {
        world.host(host).map {
            !$0.isUnreachable(at: world.now) && !$0.isLinkDown(at: world.now)
                && !$0.isMisleading(at: world.now)
        }
            ?? false
    }

    private func room(in world: SimulatedWorld) -> [HostName: Bytes] {
        var room: [HostName: Bytes] = [:]
        for host in world.hosts { room[host.name] = host.facts.memory - host.committedMemory }
        return room
    }

    private func memory(_ move: Move, _ world: SimulatedWorld) -> Bytes {
        world.copy(of: move.domain, on: move.source).map(Self.memory) ?? .zero
    }

    private func name(_ move: Move, _ world: SimulatedWorld) -> String {
        world.copy(of: move.domain, on: move.source)?.facts.name ?? move.domain.rawValue
    }

    private func blocker(_ copy: SimulatedDomain) -> Blocker {
        Blocker(
            domain: copy.facts.name, reason: .memory, detail: "fits nowhere", remedy: "make room")
    }

    private func plan(
        _ kind: MigrationPlan.Kind, _ steps: [Step], _ blockers: [Blocker],
        _ world: SimulatedWorld
    ) -> MigrationPlan {
        let uuids = world.hosts.map { ($0.name, $0.facts.uuid) }
        var plan = MigrationPlan(
            kind: kind, hosts: [drained],
            outcome: steps.isEmpty ? (blockers.isEmpty ? .nothingToDo : .infeasible) : .plan,
            origin: MigrationPlan.Origin(
                digest: "", observedAt: Timestamp(seconds: 0), hostUUIDs: Dictionary(firstOf: uuids)
            ),
            limits: limits, options: options, steps: steps, blockers: blockers)
        plan.unreachable = world.hosts.filter { $0.isUnreachable(at: world.now) }.map(\.name)
        return plan
    }
}
