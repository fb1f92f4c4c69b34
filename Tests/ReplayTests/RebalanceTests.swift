import ClusterModel
import PlacementPolicy
import Planning
import Replay
import Testing

/// The rules around the planner, under loads made to provoke them.
struct RebalanceTests {
    /// Four domains on three hosts; two of them, in antiphase, swing between nearly nothing and
    /// nearly a whole host.
    private func swinging(period: Int64) -> ReplayWorld {
        let interval = max(30_000, period / 48)
        return Worlds.world(
            placement: [0, 0, 1, 2], intervals: 150, intervalMilliseconds: interval
        ) { domain, time in
            let isFirstHalf = (time % period) * 2 < period
            switch domain {
            case 0: return isFirstHalf ? 3600 : 200
            case 1: return isFirstHalf ? 200 : 3600
            case 2: return isFirstHalf ? 2800 : 400
            default: return isFirstHalf ? 400 : 2800
            }
        }
    }

    /// In minutes; `kvmbalance-bench pingpong` has more, and more rules.
    static let periods: [Int64] = [1, 15, 120, 1440]

    @Test(arguments: periods)
    func `no domain moves twice in a period`(minutes: Int64) {
        let period = minutes * 60_000
        let (replay, _) = Worlds.play(swinging(period: period), Worlds.policy())
        var last: [String: Timestamp] = [:]
        for move in replay.track.moves {
            if let before = last[move.domain] {
                #expect(
                    move.start.millisecondsSince(before) >= period,
                    "\(move.domain) again after \(move.start.millisecondsSince(before)) ms")
            }
            last[move.domain] = move.start
        }
    }

    @Test(arguments: periods)
    func `nothing moves where no placement is better`(minutes: Int64) {
        let period = minutes * 60_000
        // Every host is as overloaded as the others, all the time or by turns.
        let world = Worlds.world(placement: [0, 1, 2], intervals: 100) { domain, time in
            (time % period) * 2 < period ? 3900 : 100
        }
        #expect(Worlds.play(world, Worlds.policy()).replay.result.moves == 0)
    }

    /// Two hosts are overloaded. The guests of one are small, those of the other take long to copy.
    @Test func `of a plan that does not pay back the moves that do are made`() {
        var policy = Worlds.policy()
        policy.rebalance.residenceSeconds = 120
        var world = Worlds.world(hosts: 4, placement: [0, 0, 1, 1], intervals: 60) { domain, _ in
            domain < 2 ? 2600 : 2200
        }
        var domains = world.base.domains
        for large in 2...3 { domains[large].facts.memory = .gibibytes(30) }
        world.base = ClusterSnapshot(
            world.base, hosts: world.base.hosts, domains: domains, inFlight: [])
        let moves = Worlds.play(world, policy).replay.track.moves
        #expect(moves.count == 1)
        #expect(moves.allSatisfy { ["vm1", "vm2"].contains($0.domain) })
        policy.rebalance.residenceSeconds = 3600
        #expect(Worlds.play(world, policy).replay.result.moves == 2)
    }

    /// host1 is overloaded for good, and its guests rewrite their memory faster than any link
    /// carries.
    @Test func `neither the timer nor a replay moves what would not converge`() {
        var world = Worlds.world(placement: [0, 0, 1], intervals: 60) { domain, _ in
            domain < 2 ? 2600 : 200
        }
        #expect(Worlds.play(world, Worlds.policy()).replay.result.moves > 0)
        var domains = world.base.domains
        for index in domains.indices {
            domains[index].dirtyRates = DirtyRates(
                hotSet: .gibibytes(1), hotMilliseconds: 1000, coldRate: .mebibytes(300))
        }
        world.base = ClusterSnapshot(
            world.base, hosts: world.base.hosts, domains: domains, inFlight: [])
        #expect(Worlds.play(world, Worlds.policy()).replay.result.moves == 0)
        var policy = Worlds.policy()
        policy.migration.whenStuck = .postcopy
        #expect(Worlds.play(world, policy).replay.result.moves > 0)
    }

    /// A world whose hosts have so many CPUs each; `use` is of each domain, all the time.
    private func unequal(
        cpus: [Int], placement: [Int], memory: Int64 = 2, use: [Int64]
    ) -> ReplayWorld {
        var world = Worlds.world(hosts: cpus.count, placement: placement, intervals: 60) {
            domain, _ in use[domain]
        }
        var (hosts, domains) = (world.base.hosts, world.base.domains)
        for index in cpus.indices { hosts[index].facts?.cpu.logicalCPUs = cpus[index] }
        for index in domains.indices { domains[index].facts.memory = .gibibytes(memory) }
        world.base = ClusterSnapshot(world.base, hosts: hosts, domains: domains, inFlight: [])
        return world
    }

    /// 8.8 of 8 CPUs, and 30 of 64: the large host has the more of them in use, and the more free.
    @Test func `a small host is relieved by a large one that is busier in CPUs`() {
        let world = unequal(
            cpus: [8, 64], placement: [0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
            use: [2200, 2200, 2200, 2200, 5000, 5000, 5000, 5000, 5000, 5000])
        for aim: RebalanceRules.Aim in [.overload, .spread] {
            var policy = Worlds.policy()
            policy.rebalance.aim = aim
            let moves = Worlds.play(world, policy).replay.track.moves
            #expect(!moves.isEmpty, "\(aim)")
            policy.balance.measures = [.memory, .cpu]
            #expect(Worlds.play(world, policy).replay.result.moves > 0, "\(aim)")
        }
    }

    /// 75 % of 8 CPUs and 19 % of 64: nothing is overloaded.
    @Test func `a small host and a large one are evened out by their shares`() {
        let world = unequal(
            cpus: [8, 64], placement: [0, 0, 0, 1, 1], use: [2000, 2000, 2000, 6000, 6000])
        var policy = Worlds.policy()
        policy.rebalance.aim = .spread
        #expect(Worlds.play(world, policy).replay.result.moves > 0)
    }

    /// Fleets of all sizes with one small host above its limit: what `plan balance` relieves the
    /// timer relieves.
    @Test func `in fleets of unequal hosts the timer relieves what a plan does`() {
        for seed in UInt64(1)...12 {
            var state = seed
            func random(_ range: ClosedRange<Int>) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return range.lowerBound + Int(state >> 33) % range.count
            }
            let cpus = [8] + (0..<random(1...4)).map { _ in 16 * random(1...4) }
            var placement = [0, 0, 0, 0]
            var use = (0..<4).map { _ in Int64(random(1800...2300)) }
            for host in 1..<cpus.count {
                for _ in 0..<random(2...6) {
                    placement.append(host)
                    use.append(Int64(cpus[host]) * Int64(random(60...110)))
                }
            }
            let world = unequal(cpus: cpus, placement: placement, use: use)
            #expect(
                Worlds.play(world, Worlds.policy()).replay.result.moves > 0,
                "seed \(seed): \(cpus)")
        }
    }

    /// 75 % of the memory of one host are promised, nothing of the others'; no CPU is in use.
    @Test func `memory alone is evened out where the policy says so`() {
        let world = unequal(
            cpus: [4, 4, 4], placement: [0, 0, 0, 0], memory: 12, use: [0, 0, 0, 0])
        var policy = Worlds.policy()
        policy.balance.measures = [.memory]
        policy.rebalance.aim = .spread
        #expect(Worlds.play(world, policy).replay.result.moves > 0)
    }

    /// Ten hosts are overloaded, and as many nearly idle: more than six moves an hour could end.
    @Test func `with few moves an hour the timer does what they can do`() {
        for (aim, busy) in [(RebalanceRules.Aim.overload, Int64(1075)), (.spread, 670)] {
            let placement = (0..<40).map { $0 / 4 } + (10..<20).map { $0 }
            let world = Worlds.world(hosts: 20, placement: placement, intervals: 60) {
                domain, _ in domain < 40 ? busy : 400
            }
            var policy = Worlds.policy()
            policy.rebalance.aim = aim
            policy.rebalance.movesPerHour = 3
            #expect(Worlds.play(world, policy).replay.result.moves == 3, "\(aim)")
        }
    }

    @Test func `with one move an hour an overloaded host is relieved before a group is mended`() {
        let world = Worlds.world(
            hosts: 3, cpus: 16, placement: [0, 0, 0, 0, 0, 1, 1, 2, 2], intervals: 60
        ) { domain, _ in domain < 5 ? 3400 : 1000 }
        var policy = Worlds.policy()
        policy.rebalance.movesPerHour = 1
        policy.antiAffinity = [PlacementGroup(name: "web", domains: ["vm6", "vm7"], scope: .host)]
        let moves = Worlds.play(world, policy).replay.track.moves
        #expect(
            moves.first.map { ["vm1", "vm2", "vm3", "vm4", "vm5"].contains($0.domain) } == true)
    }

    @Test func `a short peak is no overload, a long one is relieved once`() {
        let peak = { (length: Int64) in
            Worlds.world(placement: [0, 0, 1], intervals: 180) { domain, time in
                time >= 3_600_000 && time < 3_600_000 + length && domain < 2 ? 1900 : 300
            }
        }
        #expect(Worlds.play(peak(120_000), Worlds.policy()).replay.result.moves == 0)
        let long = Worlds.play(peak(5_400_000), Worlds.policy()).replay
        #expect(long.result.moves == 1)
    }

    /// 45 %, 22.5 % and 22.5 % of four CPUs: one move is enough for a spread of 20 %, four for one
    /// of 10 %.
    @Test func `an uneven load is evened out further than what makes it worth acting on`() {
        let placement = [18, 9, 9].enumerated().flatMap { Array(repeating: $0, count: $1) }
        let world = Worlds.world(placement: placement, intervals: 60) { _, _ in 100 }
        var policy = Worlds.policy()
        policy.rebalance.aim = .spread
        policy.balance.spread = 2000
        policy.rebalance.calm = 0
        #expect(Worlds.play(world, policy).replay.result.moves == 1)
        policy.rebalance.calm = 1000
        #expect(Worlds.play(world, policy).replay.result.moves == 4)
    }

    @Test func `a host that flaps gets nothing`() {
        let flaps = (0..<40).flatMap { turn in
            let at = Worlds.start.advanced(byMilliseconds: Int64(turn) * 600_000)
            return [
                ReplayEvent(at: at, host: "host2", kind: .away),
                ReplayEvent(
                    at: at.advanced(byMilliseconds: 300_000), host: "host2", kind: .back),
            ]
        }
        let world = Worlds.world(
            hosts: 2, placement: [0, 0, 0], intervals: 120, events: flaps
        ) { _, _ in 1300 }
        #expect(Worlds.play(world, Worlds.policy()).replay.result.moves == 0)
        let steady = Worlds.world(hosts: 2, placement: [0, 0, 0], intervals: 120) { _, _ in 1300 }
        #expect(Worlds.play(steady, Worlds.policy()).replay.result.moves == 1)
    }

    @Test func `quiet hours are kept, and so is the limit an hour`() {
        let world = Worlds.world(
            hosts: 4, placement: [0, 0, 0, 0, 0, 0], intervals: 400
        ) { _, _ in 1200 }
        var policy = Worlds.policy()
        policy.rebalance.quiet = [QuietHours(start: 0, end: 240)]
        policy.rebalance.movesPerHour = 1
        let moves = Worlds.play(world, policy).replay.track.moves
        #expect(moves.count >= 2)
        for move in moves {
            #expect(!policy.rebalance.quiet[0].covers(milliseconds: move.start.milliseconds))
        }
        for (first, second) in zip(moves, moves.dropFirst()) {
            #expect(second.start.millisecondsSince(first.start) >= 3_600_000)
        }
    }

    @Test func `the rest doubles up to the most`() {
        var policy = Worlds.policy()
        policy.rebalance.restSeconds = 3600
        policy.rebalance.restAtMostSeconds = 4 * 3600
        var memory = RebalanceState()
        let rules = policy.rebalance
        var now = Worlds.start
        for hours in [1, 2, 4, 4] {
            memory.moved("id-1", to: "host1", at: now, under: rules)
            let last = now.advanced(byMilliseconds: Int64(hours) * 3_600_000 - 1)
            #expect(memory.rests("id-1", at: last, rules))
            now = now.advanced(byMilliseconds: Int64(hours) * 3_600_000)
            #expect(!memory.rests("id-1", at: now, rules))
        }
    }

    @Test func `quiet hours are read, and wrong ones are not`() throws {
        let night = try #require(QuietHours("Fri 22:00-06:00"))
        // 2023-11-17 was a Friday.
        let friday: Int64 = 1_700_179_200_000
        #expect(night.covers(milliseconds: friday + 23 * 3_600_000))
        #expect(night.covers(milliseconds: friday + 29 * 3_600_000))
        #expect(!night.covers(milliseconds: friday + 5 * 3_600_000))
        #expect(!night.covers(milliseconds: friday + 47 * 3_600_000))
        for text in ["", "8-18", "25:00-26:00", "Mon-Foo 08:00-09:00", "08:00-08:00", "08:00"] {
            #expect(QuietHours(text) == nil, "\(text)")
        }
    }

    @Test func `what somebody else moves is left alone`() {
        let policy = Worlds.policy()
        var memory = RebalanceState()
        let rebalancer = Rebalancer(policy, accepts: Worlds.judge)
        for (minute, host) in ["host1", "host2"].enumerated() {
            let look = RebalanceObservation(
                at: Worlds.start.advanced(byMilliseconds: Int64(minute) * 60_000),
                hosts: [RebalanceObservation.HostNow(name: "host1", cpu: 100)],
                places: [("id-1", HostName(host))], under: policy)
            _ = rebalancer.decide(look, &memory) {
                Issue.record("nothing asks for a plan")
                return ClusterSnapshot(observedAt: Worlds.start, hosts: [], domains: [])
            }
        }
        #expect(
            memory.rests(
                "id-1", at: Worlds.start.advanced(byMilliseconds: 3_600_000), policy.rebalance))
    }
}
