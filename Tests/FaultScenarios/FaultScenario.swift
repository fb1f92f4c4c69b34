package import ClusterModel
import Execution
package import Simulation

/// A small fleet, a drain and everything that goes wrong, all from one seed.
package struct FaultScenario {
    package let seed: UInt64
    package private(set) var world: SimulatedWorld
    package let planner: GreedyPlanner
    package let plan: MigrationPlan
    package var interruptions = VirtualRun.Interruptions()

    /// Whether faults are injected, our process dies, and somebody stops the run; and whether, in
    /// most worlds, there are guests that move cold or with their images.
    package init(
        seed: UInt64, faults: Bool = true, crashes: Bool = true, wishes: Bool = true,
        images: Bool = FaultScenario.drawsImages
    ) {
        self.seed = seed
        var random = SplitMix64(seed: seed)
        var ofImages = SplitMix64(seed: seed ^ 0x1a6e5)
        world = Self.world(random: &random)
        let hasImages = images && ofImages.chance(65)
        if hasImages { Self.equip(&world, random: &ofImages) }
        var ofUnmovable = SplitMix64(seed: seed ^ 0x57a7)
        let hasUnmovable = seed >= Self.firstWithUnmovable && ofUnmovable.chance(75)
        if hasUnmovable { Self.hold(&world, random: &ofUnmovable) }
        var options = MigrationOptions()
        options.attempts = Int(random.number(in: 1...3))
        options.timeoutSeconds = random.chance(50) ? 600 : nil
        options.postcopy = random.chance(15)
        // Guests that are too busy for a shared link come through once the others are over.
        options.whenStuck = .wait
        options.route = random.pick([.automatic, .automatic, .peerToPeer, .managed]) ?? .automatic
        if hasImages { Self.addWays(to: &options, in: world, random: &ofImages) }
        let ignoresLosses = hasImages && ofImages.chance(35)
        planner = GreedyPlanner(
            drained: "host1",
            limits: MigrationLimits(
                perHost: Int(random.number(in: 1...3)), fleet: Int(random.number(in: 1...4))),
            options: options, ignoresLosses: ignoresLosses)
        plan = planner.drain(world)
        if faults {
            world.schedule = ScheduledFault.random(
                Int(random.number(in: 0...4)), in: world, moves: plan.moves,
                spanMilliseconds: 240_000, random: &random)
            // A plan from a file is some minutes old, and others were not idle.
            if random.chance(10) { age(random: &random) }
        }
        if crashes {
            for _ in 0..<random.number(in: 0...3) {
                interruptions.crashes.insert(Int(random.number(in: 1...60)))
            }
            if random.chance(8) {
                let first = Int(random.number(in: 3...25))
                let last = first + Int(random.number(in: 0...3))
                interruptions.unwritable.formUnion(first...last)
            }
            if random.chance(10) {
                let step = random.number(in: -7_200_000...7_200_000)
                interruptions.clockSteps[random.number(in: 1...120_000)] = step
            }
        }
        if wishes, random.chance(12) {
            let delay = random.number(in: 1...120_000)
            interruptions.wishes[delay] = .stop(reason: "asked to stop")
            if random.chance(50) {
                interruptions.wishes[delay + 2000] = .abort(reason: "asked to abort")
            }
        }
        if faults, hasImages {
            world.schedule += ScheduledFault.randomForImages(
                Int(ofImages.number(in: 0...3)), in: world, moves: plan.moves,
                spanMilliseconds: 240_000, cutsPower: Self.drawsPowerCuts, random: &ofImages)
        }
        // Drawn last: what the seeds before this gave stays as it was.
        if wishes, random.chance(8), let host = random.pick(plan.moves.map(\.target)) {
            let time = world.now.advanced(byMilliseconds: random.number(in: 1...120_000))
            world.schedule.append(ScheduledFault(.at(time), .hostDisabled(host)))
        }
        if faults {
            world.schedule += ScheduledFault.randomOthers(
                in: world, moves: plan.moves, random: &random)
        }
        if faults, hasUnmovable {
            world.schedule += Self.trouble(plan, at: world.now, random: &ofUnmovable)
        }
        if faults, hasImages {
            world.schedule += Self.veryLate(plan.moves, at: world.now, seed: seed)
        }
    }

    /// Time passes between the plan and its run, in which other people change the world.
    private mutating func age(random: inout SplitMix64) {
        let later = ScheduledFault.random(
            2, in: world, moves: plan.moves, spanMilliseconds: 1, random: &random)
        let waiting = world.schedule
        for item in later { world.inject(item.fault) }
        world.advance(to: world.now.advanced(byMilliseconds: 300_000))
        world.schedule = waiting
    }

    package func run(
        machine: @escaping VirtualRun.MachineFactory = {
            RunMachine(state: $0, recovering: $1)
        }
    ) -> VirtualRun {
        var run = VirtualRun(
            world: world, plan: plan, seed: seed, machine: machine, replanner: planner.replan)
        run.interruptions = interruptions
        return run
    }

    /// A drain that ends well by itself, for tests that put one thing wrong.
    package static func plain() throws -> FaultScenario {
        for seed in UInt64(0)..<100 {
            let scenario = FaultScenario(seed: seed, faults: false, crashes: false, wishes: false)
            guard scenario.plan.steps.count >= 3, scenario.plan.blockers.isEmpty else { continue }
            var run = scenario.run()
            if run.run()?.state == .done, run.state.steps.allSatisfy({ $0.error == nil }) {
                return scenario
            }
        }
        throw NoPlainScenario()
    }

    package struct NoPlainScenario: Error {}

    /// Three to five hosts of which one can just be emptied, mostly.
    private static func world(random: inout SplitMix64) -> SimulatedWorld {
        let start = Timestamp(seconds: 1_700_000_000)
        let count = Int(random.number(in: 3...5))
        let template = SimulatedFleet.example(
            hosts: count, domains: Int(random.number(in: 3...14)), seed: random.next(),
            now: start)
        let hosts = template.hosts.map { host in
            let domains = host.domains.map { domain in
                var copy = domain
                copy.setPersistent(!random.chance(20))
                copy.setAutostart(domain.facts.autostart && copy.facts.isPersistent)
                return copy
            }
            let used = host.committedMemory
            var facts = host.facts
            facts.memory = used + .gibibytes(random.number(in: 4...16))
            return SimulatedHost(
                name: host.name, facts: facts, linkMbps: random.chance(50) ? 1000 : 10_000,
                domains: domains)
        }
        return SimulatedWorld(hosts: hosts, now: start)
    }
}
