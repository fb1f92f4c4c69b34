package import ClusterModel
import Execution
import PlacementPolicy
import Planning
package import Scenarios
package import Simulation

/// A plan of ten steps in a fleet that is nearly full, of which seven are made before somebody else
/// takes the room that going back the same way would need.
package struct RollbackCase {
    package static let steps = 10
    package static let made = 7

    package let seed: UInt64
    package let plan: MigrationPlan
    package let planner: PolicyPlanner
    package let start: SimulatedWorld

    /// nil where the lot gives no plan of ten steps.
    package init?(seed: UInt64) {
        self.seed = seed
        var random = SplitMix64(seed: seed)
        let world = Self.fleet(random: &random)
        // Exactly what the simulated hosts count: no reserve, no overhead, one move at a time.
        var policy = Policy(name: "full")
        policy.reserve = Reserve(memory: .zero, cpu: .zero)
        policy.perDomainOverhead = .zero
        policy.limits = MigrationLimits(perHost: 1, fleet: 1)
        planner = PolicyPlanner(policy: policy, seed: seed, start: world)
        start = world
        guard let moves = Self.walk(world, random: &random),
            let plan = planner.plan(
                .moves(moves), .balance, [], world
            ).plan, plan.steps.count == Self.steps
        else { return nil }
        self.plan = plan
    }

    /// The run after seven steps, with others in the way. nil where the way back is still open, for
    /// such a case proves nothing.
    package func obstructed() -> VirtualRun? {
        var run = VirtualRun(
            world: start, plan: plan, seed: seed,
            machine: { StopsAfter(RunMachine(state: $0, recovering: $1), arrivals: Self.made) },
            replanner: planner.replan)
        guard run.run()?.state == .failed, run.violations.isEmpty,
            run.state.displacements.count == Self.made
        else { return nil }
        var random = SplitMix64(seed: ~seed)
        let idle = run.world.hosts.flatMap { host in
            host.domains.filter { !$0.isActive }.map { ($0, host.name) }
        }
        for (copy, name) in idle.shuffled(using: &random) where random.chance(70) {
            guard let host = run.world.host(name),
                host.facts.memory - host.committedMemory >= copy.facts.memory
            else { continue }
            run.inject(.guestStarted(copy.id))
        }
        return Self.fits(Array(run.state.displacements.reversed()), run.world) ? nil : run
    }

    /// Can these displacements be undone in this order, one after the other?
    package static func fits(_ displacements: [Move], _ world: SimulatedWorld) -> Bool {
        var free = Self.free(world)
        for move in displacements {
            let memory = world.copy(of: move.domain, on: move.target)?.facts.memory ?? .zero
            guard free[move.source, default: .zero] >= memory else { return false }
            free[move.source, default: .zero] -= memory
            free[move.target, default: .zero] += memory
        }
        return true
    }

    /// The most of these displacements that can be undone by direct moves, in whatever order:
    /// all 2^n sets of what is home are looked at.
    package static func mostUndone(_ displacements: [Move], _ world: SimulatedWorld) -> Int {
        let memory = displacements.map {
            (world.copy(of: $0.domain, on: $0.target)?.facts.memory ?? .zero)
        }
        let free = Self.free(world)
        var reachable = [Bool](repeating: false, count: 1 << displacements.count)
        reachable[0] = true
        var most = 0
        for set in reachable.indices where reachable[set] {
            most = max(most, set.nonzeroBitCount)
            var room = free
            for (index, move) in displacements.enumerated() where set & (1 << index) != 0 {
                room[move.source, default: .zero] -= memory[index]
                room[move.target, default: .zero] += memory[index]
            }
            for (index, move) in displacements.enumerated()
            where set & (1 << index) == 0 && room[move.source, default: .zero] >= memory[index] {
                reachable[set | (1 << index)] = true
            }
        }
        return most
    }

    private static func free(_ world: SimulatedWorld) -> [HostName: Bytes] {
        var free: [HostName: Bytes] = [:]
        for host in world.hosts { free[host.name] = host.facts.memory - host.committedMemory }
        return free
    }

    /// Hosts with room for one or two guests more, and guests that are shut down on each.
    private static func fleet(random: inout SplitMix64) -> SimulatedWorld {
        let hosts = Int(random.number(in: 4...6))
        let template = SimulatedFleet.example(
            hosts: hosts, domains: hosts * 7, seed: random.next(),
            now: Timestamp(seconds: 1_700_000_000))
        let filled = template.hosts.map { host in
            let domains = host.domains.enumerated().map { place, copy in
                var facts = copy.facts
                facts.antiAffinityGroups = []
                if place >= 5 { facts.state = .shutOff }
                return SimulatedDomain(
                    facts: facts, cpu: 50, dirtyRate: .mebibytes(1), startedAt: copy.startedAt)
            }
            var facts = host.facts
            let used = domains.filter(\.isActive).reduce(Bytes.zero) { $0 + $1.facts.memory }
            facts.memory = used + .gibibytes(random.number(in: 1...6))
            for cell in facts.cells.indices { facts.cells[cell].memory = facts.memory }
            return SimulatedHost(
                name: host.name, facts: facts, linkMbps: 10_000, domains: domains)
        }
        return SimulatedWorld(hosts: filled, now: template.now)
    }

    /// Ten moves of ten guests, each of which fits when it is made.
    private static func walk(
        _ world: SimulatedWorld, random: inout SplitMix64
    ) -> [Move]? {
        var free = Self.free(world)
        var moves: [Move] = []
        var left = world.hosts.flatMap { host in
            host.domains.filter(\.isActive).map { ($0, host.name) }
        }.shuffled(using: &random)
        while moves.count < steps {
            let next = left.firstIndex { copy, source in
                free.contains { $0.key != source && $0.value >= copy.facts.memory }
            }
            guard let next else { return nil }
            let (copy, source) = left.remove(at: next)
            let targets = free.keys.sorted().filter {
                $0 != source && (free[$0] ?? .zero) >= copy.facts.memory
            }
            guard let target = random.pick(targets) else { return nil }
            free[target, default: .zero] -= copy.facts.memory
            free[source, default: .zero] += copy.facts.memory
            moves.append(Move(domain: copy.id, source: source, target: target))
        }
        return moves
    }
}

/// The real machine under the hand of a person who stops it after this many arrivals.
private struct StopsAfter: RunDeciding {
    private var machine: RunMachine
    private let arrivals: Int

    init(_ machine: RunMachine, arrivals: Int) {
        self.machine = machine
        self.arrivals = arrivals
    }

    var state: RunState { machine.state }

    func route(from source: HostName, to target: HostName) -> MigrationOptions.Route {
        machine.route(from: source, to: target)
    }

    mutating func handle(_ event: RunEvent, at time: Timestamp) -> [Directive] {
        var directives = machine.handle(event, at: time)
        guard state.goal == .forward, state.displacements.count >= arrivals,
            state.stopReason == nil
        else { return directives }
        directives += machine.handle(.stop(reason: "somebody asks to go back"), at: time)
        return directives
    }
}
