import ClusterModel
import Foundation
import PlacementPolicy
import Planning
import Replay
import Testing

/// A planner that found nothing is left alone for a while.
struct BackOffTests {
    private let policy = Worlds.policy()

    /// Asks for hours, every minute, and gives the minutes at which the planner was asked. The
    /// hosts are all as full as each other, so that no placement is better.
    private func asked(
        _ minutes: Range<Int>, _ memory: inout RebalanceState,
        places: [String] = ["host1", "host2", "host3"],
        over: (Int) -> [Bool] = { _ in [true, true, true] }
    ) -> (minutes: [Int], words: [String]) {
        var asked: [Int] = []
        var words: [String] = []
        let world = Worlds.world(placement: [0, 1, 2], intervals: 1) { _, _ in 3900 }
        let rebalancer = Rebalancer(policy, accepts: Worlds.judge)
        for minute in minutes {
            let look = RebalanceObservation(
                at: Worlds.start.advanced(byMilliseconds: Int64(minute) * 60_000),
                hosts: over(minute).enumerated().map {
                    RebalanceObservation.HostNow(
                        name: HostName("host\($0 + 1)"), cpu: $1 ? 9800 : 5000)
                },
                places: places.enumerated().map { (DomainID("id-\($0 + 1)"), HostName($1)) },
                under: policy)
            let decision = rebalancer.decide(look, &memory) {
                asked.append(minute)
                return full(world.base, at: look.at)
            }
            guard case .wait(let reason) = decision else {
                Issue.record("\(decision)")
                continue
            }
            words.append(reason)
        }
        return (asked, words)
    }

    private func full(_ base: ClusterSnapshot, at time: Timestamp) -> ClusterSnapshot {
        let domains = base.domains.map { domain in
            var domain = domain
            domain.demand = Demand(cpu: [3900])
            return domain
        }
        return ClusterSnapshot(observedAt: time, hosts: base.hosts, domains: domains)
    }

    @Test func `what finds nothing is asked more and more seldom, and an hour apart at most`() {
        var memory = RebalanceState()
        let asked = asked(0..<400, &memory)
        // Held in the third look; then after 5, 10, 20, 40, 60 and 60 minutes.
        #expect(asked.minutes == [2, 7, 17, 37, 77, 137, 197, 257, 317, 377])
        let said = asked.words[20]
        #expect(said.contains("sustained overload: host1, host2, host3"), "\(said)")
        #expect(said.contains("no plan was found at 2023-11-15T00:17:00"), "\(said)")
        #expect(said.contains("(3 times in a row)"), "\(said)")
        #expect(said.contains("next attempt after 2023-11-15T00:37:00"), "\(said)")
    }

    @Test func `a change of the overloaded hosts or of the placement is looked at at once`() {
        var memory = RebalanceState()
        #expect(asked(0..<60, &memory).minutes.last == 37)
        let fewer = asked(60..<63, &memory) { _ in [true, true, false] }
        #expect(fewer.minutes == [60])
        let moved = asked(63..<66, &memory, places: ["host1", "host2", "host2"]) { _ in
            [true, true, false]
        }
        #expect(moved.minutes == [63])
    }

    @Test func `a clock that goes back does not keep it waiting`() {
        var memory = RebalanceState()
        _ = asked(0..<60, &memory)
        #expect(asked(20..<22, &memory).minutes == [20])
    }

    @Test func `what was noted while the clock was years ahead holds nothing up`() {
        var policy = policy
        policy.rebalance.movesPerHour = 1
        policy.rebalance.aim = .consolidate
        let years = Int64(10 * 365 * 86_400_000)
        var memory = RebalanceState()
        func look(_ at: Timestamp, isUnreachable: Bool = false) -> RebalanceObservation {
            RebalanceObservation(
                at: at,
                hosts: (1...3).map {
                    RebalanceObservation.HostNow(
                        name: HostName("host\($0)"), isUnreachable: isUnreachable && $0 == 3,
                        cpu: 5000)
                }, places: [("id-1", "host1"), ("id-2", "host2")], under: policy)
        }
        let world = Worlds.world(placement: [0, 1], intervals: 1) { _, _ in 900 }
        let rebalancer = Rebalancer(policy, accepts: Worlds.judge)
        let ahead = Worlds.start.advanced(byMilliseconds: years)
        _ = rebalancer.decide(look(ahead, isUnreachable: true), &memory) { world.base }
        memory.moved("id-1", to: "host1", at: ahead, under: policy.rebalance)
        #expect(memory.rests("id-1", at: ahead, policy.rebalance))
        #expect(!memory.rests("id-1", at: Worlds.start, policy.rebalance))
        _ = rebalancer.decide(look(Worlds.start), &memory) { world.base }
        #expect(memory.recent.isEmpty && memory.moves.isEmpty)
        #expect(memory.calmSince == Worlds.start)
        #expect(memory.unreachableAt["host3"] == Worlds.start)
    }

    @Test func `a memory of an earlier version is read`() throws {
        var memory = RebalanceState()
        _ = asked(0..<1, &memory)
        let kept = try JSONEncoder().encode(memory)
        #expect(!String(decoding: kept, as: UTF8.self).contains("vain"))
        _ = asked(1..<10, &memory)
        let full = try JSONEncoder().encode(memory)
        #expect(try JSONDecoder().decode(RebalanceState.self, from: full) == memory)
        #expect(try JSONDecoder().decode(RebalanceState.self, from: kept) != memory)
    }
}
