import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Rounds and moves of rolling reboots against a search that tries everything: every set of hosts
/// and every placement of the guests, round after round. The order of moves within a round is left
/// out of it, so that no schedule has fewer.
@Suite struct RebootMovesTests {
    /// What came of the fleets: how often a schedule reaches what the search found.
    private struct Tally {
        var fleets = 0
        var (sameRounds, sameMoves) = (0, 0)
        var (moves, fewest) = (0, 0)
    }

    @Test(arguments: [true, false])
    func `small fleets take as few rounds and moves as exhaustive search`(bringsBack: Bool) {
        var tally = Tally()
        for seed in UInt64(1)...120 {
            let snapshot = Self.fleet(seed)
            guard let best = ExhaustiveReboot(snapshot, bringsBack: bringsBack).fewest else {
                continue
            }
            var policy = Policy()
            policy.reboot.bringBack = bringsBack
            let reboot = Planner.rollingReboot(
                nil, bestEffort: false, from: snapshot, under: policy, seed: seed,
                effort: PlannerPropertyTests.effort)
            #expect(PlanChecker.check(reboot, on: snapshot, under: policy) == [], "seed \(seed)")
            guard reboot.outcome == .plan else { continue }
            tally.fleets += 1
            #expect(reboot.rounds.count >= best.rounds, "seed \(seed)")
            #expect(reboot.fewestRounds <= best.rounds, "seed \(seed)")
            guard reboot.rounds.count == best.rounds else { continue }
            tally.sameRounds += 1
            #expect(reboot.moves >= best.moves, "seed \(seed)")
            #expect(reboot.fewestMoves <= best.moves, "seed \(seed)")
            tally.moves += reboot.moves
            tally.fewest += best.moves
            if reboot.moves == best.moves { tally.sameMoves += 1 }
        }
        print("rolling reboot, brings back \(bringsBack): \(tally)")
        #expect(tally.fleets >= 50)
        #expect(tally.sameRounds * 100 >= tally.fleets * 98)
        #expect(tally.sameMoves * 100 >= tally.sameRounds * 98)
        #expect(tally.moves * 100 <= tally.fewest * 101)
    }

    /// Three hosts with up to five guests, or four with up to three; only memory counts.
    private static func fleet(_ seed: UInt64) -> ClusterSnapshot {
        var random = SeededGenerator(seed: seed)
        var cluster = ClusterBuilder()
        let hosts = random.int(3...4)
        for host in 1...hosts {
            cluster.host(HostName("host\(host)"), memory: .gibibytes(Int64(random.int(8...16))))
        }
        for index in 0..<random.int(2...(hosts == 3 ? 5 : 3)) {
            cluster.domain(
                "vm\(index)", on: HostName("host\(random.int(1...hosts))"),
                memory: .gibibytes(Int64(random.int(1...6))) - .mebibytes(128))
        }
        return cluster.snapshot
    }
}

/// Fewest rounds, then fewest moves, over all schedules: by the hosts that were rebooted and where
/// each guest is, the cheapest way there.
private struct ExhaustiveReboot {
    /// nil where no schedule exists, or the fleet is over its limits to begin with.
    let fewest: (rounds: Int, moves: Int)?

    init(_ snapshot: ClusterSnapshot, bringsBack: Bool) {
        let names = snapshot.hosts.map(\.name)
        let room = snapshot.hosts.map { Policy.default.usableMemory(of: $0).count }
        let sizes = snapshot.domains.map { Policy.default.memoryDemand(of: $0.facts).count }
        let home = snapshot.domains.map { names.firstIndex(of: $0.host) ?? 0 }
        let places = Self.placements(sizes, room)
        guard let start = places.firstIndex(of: home) else {
            fewest = nil
            return
        }
        func distance(_ one: [Int], _ other: [Int]) -> Int { zip(one, other).count { $0 != $1 } }
        let all = (1 << names.count) - 1
        // Of each placement the hosts that it leaves empty.
        let empty = places.map { place in place.reduce(all) { $0 & ~(1 << $1) } }
        // By hosts that were rebooted and placement: the fewest moves so far.
        var reached: [Int: [Int: Int]] = [0: [start: 0]]
        for round in 1...names.count {
            var next: [Int: [Int: Int]] = [:]
            for (done, from) in reached {
                for (place, moves) in from {
                    for target in places.indices {
                        // All that are empty are rebooted: fewer never help.
                        let rebooted = done | empty[target]
                        guard rebooted != done else { continue }
                        let away = distance(places[place], places[target])
                        let end = bringsBack ? start : target
                        let cost = moves + (bringsBack ? 2 * away : away)
                        let known = next[rebooted]?[end]
                        if known.map({ cost < $0 }) ?? true {
                            next[rebooted, default: [:]][end] = cost
                        }
                    }
                }
            }
            if let moves = next[all]?.values.min() {
                fewest = (round, moves)
                return
            }
            reached = next
        }
        fewest = nil
    }

    /// Every placement within the hosts' memory.
    private static func placements(_ sizes: [Int64], _ room: [Int64]) -> [[Int]] {
        sizes.reduce([[Int]]([[]])) { places, _ in
            places.flatMap { place in room.indices.map { place + [$0] } }
        }.filter { place in
            var used = [Int64](repeating: 0, count: room.count)
            for (guest, host) in place.enumerated() { used[host] += sizes[guest] }
            return zip(used, room).allSatisfy { $0 <= $1 }
        }
    }
}
