import ArgumentParser
import ClusterModel
import Foundation
import PlacementPolicy
import Replay
import Simulation

/// `pingpong`: loads made to provoke a balancer, and how often each rule moves.
struct PingPongBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pingpong",
        abstract: "How often each rule moves under square waves, noise and a flapping host.")

    /// A load as a function of domain and time, in thousandths of a CPU of 8.
    struct Load {
        var name: String
        var periodSeconds: Int64
        var days = 1
        var flaps = false
        var use: (Int, Int64) -> Int64
    }

    func run() throws {
        print("moves, and most moves of one domain within one period of the load")
        let rules = try Self.rules()
        let names = rules.map { String($0.name.prefix(22)) }
        print(ReplayBenchmark.row(["load"] + names.map { String($0.prefix(8)) }))
        for name in names { print("  \(name)") }
        var worst = 0
        for load in Self.loads() {
            var cells = [load.name]
            for (index, given) in rules.enumerated() {
                var rule = given
                var replay = Replay(Self.world(load), keepsTrack: true)
                replay.run { rule.decide($0) }
                let most = Self.mostWithinAPeriod(replay.track.moves, load.periodSeconds)
                if index >= names.count - 2 { worst = max(worst, most) }
                cells.append("\(replay.result.moves)/\(most)")
            }
            print(ReplayBenchmark.row(cells))
            fflush(nil)
        }
        print("{\"most_of_ours_within_a_period\": \(worst)}")
    }

    static func rules() throws -> [any ReplayRule] {
        var mean = EvenRule.mean
        mean.asksEvery = 1
        var proxLB = ProxLBRule()
        proxLB.asksEvery = 60
        var stabilization = StabilizationRule()
        stabilization.asksEvery = 5
        return [
            ThresholdRule(), mean, proxLB, WatcherRule(), WatcherRule(threshold: 800),
            stabilization, OurRule("ours, overload", ReplayBenchmark.relieving("overload")),
            OurRule("ours, even.yaml", try ReplayBenchmark.shipped("even")),
        ]
    }

    static func loads() -> [Load] {
        var loads: [Load] = []
        for minutes in [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440] as [Int64] {
            let period = minutes * 60_000
            loads.append(
                Load(
                    name: "square \(minutes) min", periodSeconds: minutes * 60,
                    days: minutes > 240 ? 3 : 1
                ) { domain, time in
                    let isHigh = (time % period) * 2 < period
                    return (domain % 2 == 0) == isHigh ? 4500 : 300
                })
            loads.append(
                Load(
                    name: "pairs \(minutes) min", periodSeconds: minutes * 60,
                    days: minutes > 240 ? 3 : 1
                ) { domain, time in
                    let isHigh = (time % period) * 2 < period
                    return (domain / 2 % 2 == 0) == isHigh ? 4500 : 300
                })
        }
        loads.append(
            Load(name: "noise", periodSeconds: 3600) { domain, time in
                var mixed = SplitMix64(
                    seed: UInt64(domain) &* 1_000_003 &+ UInt64(time / 30_000))
                return Int64(mixed.next() % 5000)
            })
        loads.append(
            Load(name: "all hosts alike", periodSeconds: 3600) { domain, _ in
                domain < 8 ? 4200 : 0
            })
        loads.append(
            Load(name: "flapping host", periodSeconds: 600, flaps: true) { domain, _ in
                domain < 4 ? 3000 : 500
            })
        return loads
    }

    /// Eight domains on four hosts of 8 CPUs, looked at every 30 s or 5 min.
    static func world(_ load: Load) -> ReplayWorld {
        let interval: Int64 = load.days > 1 ? 300_000 : 30_000
        let intervals = Int(Int64(load.days) * 86_400_000 / interval)
        let guests = (0..<8).map {
            TraceFleet.Guest(name: "d\($0 + 1)", vcpus: 8, memory: .gibibytes(4))
        }
        var cpu: [Int32] = []
        for domain in guests.indices {
            for number in 0..<intervals {
                cpu.append(Int32(load.use(domain, Int64(number) * interval)))
            }
        }
        let history = DemandHistory(
            start: Timestamp(seconds: 1_700_006_400), intervalMilliseconds: interval,
            intervals: intervals, domains: guests.map { DomainID("id-\($0.name)") }, cpu: cpu)
        var world = TraceFleet(hosts: 4, cpus: 8, memory: .gibibytes(64)).world(guests, history)
        guard load.flaps else { return world }
        for turn in 0..<100 as Range<Int64> {
            let at = history.start.advanced(byMilliseconds: turn * 600_000)
            world.events.append(.init(at: at, host: "h004", kind: .away))
            world.events.append(
                .init(at: at.advanced(byMilliseconds: 300_000), host: "h004", kind: .back))
        }
        return world
    }

    static func mostWithinAPeriod(_ moves: [ReplayedMove], _ seconds: Int64) -> Int {
        var most = 0
        for (_, own) in Dictionary(grouping: moves, by: \.domain) {
            for first in own {
                let within = own.count {
                    let gap = $0.start.millisecondsSince(first.start)
                    return gap >= 0 && gap < seconds * 1000
                }
                most = max(most, within)
            }
        }
        return most
    }
}
