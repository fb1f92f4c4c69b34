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

    /// 45 %, 22.5 % and 22.5 % of four CPUs: one move is enough for a spread of 20 %, four for one of 10 %.
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
                ReplayHappening(at: at, host: "host2", kind: .away),
                ReplayHappening(
                    at: at.advanced(byMilliseconds: 300_000), host: "host2", kind: .back),
            ]
        }
        let world = Worlds.world(
            hosts: 2, placement: [0, 0, 0], intervals: 120, happenings: flaps
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
        var memory = RebalanceMemory()
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
        var memory = RebalanceMemory()
        let rebalancer = Rebalancer(policy, accepts: Worlds.judge)
        for (minute, host) in ["host1", "host2"].enumerated() {
            let look = RebalanceLook(
                at: Worlds.start.advanced(byMilliseconds: Int64(minute) * 60_000),
                hosts: [RebalanceLook.HostNow(name: "host1", cpu: 100)],
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
