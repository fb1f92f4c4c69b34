import ClusterModel
import PlacementPolicy
import Replay
import Telemetry
import Testing

/// The engine: what it books, and that it shows a policy nothing of what is to come.
struct ReplayTests {
    @Test func `a quiet world costs nothing`() {
        let world = Worlds.world(placement: [0, 1, 2], intervals: 60) { _, _ in 1000 }
        var replay = Replay(world)
        replay.run { _ in [] }
        #expect(replay.result.overloadMinutes == 0)
        #expect(replay.result.meanHosts == 3)
        #expect(replay.result.askedMilliCPUSeconds == 3 * 3600 * 1000)
    }

    @Test func `overload is booked by host, by domain and by what was lacked`() {
        // Two domains of 3 CPUs on a host of 4: two CPUs are lacked, ten minutes long.
        let world = Worlds.world(placement: [0, 0], intervals: 60) { _, time in
            time < 600_000 ? 3000 : 1000
        }
        var replay = Replay(world)
        replay.run { _ in [] }
        #expect(replay.result.overloadMinutes == 10)
        #expect(replay.result.domainOverloadMinutes == 20)
        #expect(replay.result.lackedMilliCPUSeconds == 2000 * 600)
    }

    @Test func `a migration takes its time and counts on both hosts meanwhile`() {
        let world = Worlds.world(placement: [0, 0, 1], intervals: 10) { _, _ in 2000 }
        var replay = Replay(world, keepsTrack: true)
        replay.run { moment in
            moment.past == 0
                ? [
                    ReplayOrder(
                        domain: "id-1", target: "host2", startMilliseconds: 5000,
                        durationMilliseconds: 30_000, downtimeMilliseconds: 40,
                        transferred: .gibibytes(2))
                ] : []
        }
        #expect(replay.result.moves == 1)
        #expect(replay.track.moves.first?.end == Worlds.start.advanced(byMilliseconds: 35_000))
        // 6 CPUs for ten minutes, and 2 more for thirty seconds.
        #expect(replay.result.askedMilliCPUSeconds == 6000 * 600 + 2000 * 30)
        #expect(replay.result.transferred == .gibibytes(2))
        #expect(replay.result.downtimeMilliseconds == 40)
    }

    @Test func `orders that the world cannot follow are refused and counted`() {
        let world = Worlds.world(
            placement: [0, 0], intervals: 5,
            events: [ReplayEvent(at: Worlds.start, host: "host2", kind: .lost)]
        ) { _, _ in 100 }
        var replay = Replay(world)
        replay.run { moment in
            guard moment.past == 0 else { return [] }
            return [("id-1", "host2"), ("id-9", "host3"), ("id-2", "host1")].map {
                ReplayOrder(
                    domain: DomainID($0.0), target: HostName($0.1), startMilliseconds: 0,
                    durationMilliseconds: 1000)
            }
        }
        #expect(replay.result.refused == 3)
        #expect(replay.result.moves == 0)
    }

    @Test func `a lost host takes its domains down, and a migration to it with it`() {
        let world = Worlds.world(
            placement: [0, 1], intervals: 10,
            events: [
                ReplayEvent(
                    at: Worlds.start.advanced(byMilliseconds: 120_000), host: "host2", kind: .lost)
            ]
        ) { _, _ in 100 }
        var replay = Replay(world)
        replay.run { moment in
            moment.past == 1
                ? [
                    ReplayOrder(
                        domain: "id-1", target: "host2", startMilliseconds: 0,
                        durationMilliseconds: 300_000)
                ] : []
        }
        #expect(replay.result.moves == 0)
        #expect(replay.result.outageMilliseconds == 8 * 60_000)
    }

    @Test func `a policy sees the past and nothing else`() {
        let world = Worlds.world(placement: [0], intervals: 20) { _, time in time / 60_000 }
        var replay = Replay(world)
        replay.run { moment in
            let seen = moment.values(0, last: 100)
            #expect(seen.count == moment.past)
            #expect(seen.max().map { Int($0) } ?? -1 == moment.past - 1)
            return []
        }
    }

    @Test func `energy follows the curve`() {
        var world = Worlds.world(hosts: 1, placement: [0], intervals: 60) { _, _ in 2000 }
        world.curves["host1"] = PowerCurve(milliwatts: [100_000, 200_000, 400_000])
        var replay = Replay(world)
        replay.run { _ in [] }
        #expect(replay.result.energyMillijoules == Int64(720_000_000))
        #expect(PowerCurve(milliwatts: [0, 1000]).milliwatts(atPermille: 250) == 250)
    }

    /// What the planner is given in a replay is what it would be given from the database.
    @Test(arguments: [Int64?.none, 86_400_000])
    func `demand in a replay is demand as the collector's counters give it`(period: Int64?) {
        let intervals = 3 * 288
        let world = Worlds.world(
            placement: [0], intervals: intervals, intervalMilliseconds: 300_000
        ) { _, time in (time / 300_000 * 7919) % 3000 }
        let window = SampleWindow(
            endingAt: world.history.end, lengthMilliseconds: 2 * 86_400_000, slots: 24,
            percentile: 90, periodMilliseconds: period)
        var demand: Demand?
        var longer = Replay(world)
        longer.run { moment in
            if moment.past == intervals - 1 {
                let at = SampleWindow(
                    endingAt: moment.now, lengthMilliseconds: window.lengthMilliseconds,
                    slots: 24, percentile: 90, periodMilliseconds: period)
                demand = moment.demand(0, at)
                var accumulator = LoadAccumulator(
                    window: at, rules: RateRules(periodMilliseconds: 300_000))
                var counter: Int64 = 0
                for interval in 0...moment.past {
                    accumulator.add(
                        DomainReading(
                            domain: 0, host: 0, at: world.history.time(of: interval),
                            cpuTime: counter, vcpus: 4))
                    counter +=
                        Int64(max(0, world.history.value(0, at: interval))) * 300_000 * 1000
                }
                let measured = accumulator.finish(domains: ["id-1": 0], hosts: [:])
                #expect(measured.domains["id-1"] == demand)
            }
            return []
        }
        #expect(demand?.cpu?.count == 24)
    }

    /// The same where demand is foreseen: while the domain is young, and when it is a day old.
    @Test(arguments: [7, 11, 30, 287, 288, 700, 863])
    func `what a replay foresees is what the collector's counters make it foresee`(past: Int) {
        let world = Worlds.world(
            placement: [0, 0], intervals: 3 * 288, intervalMilliseconds: 300_000
        ) { domain, time in (time / 300_000 * (7919 + Int64(domain))) % 3000 }
        var replay = Replay(world)
        var seen: ClusterSnapshot?
        var expected: MeasuredLoad?
        replay.run { moment in
            guard moment.past == past else { return [] }
            seen = moment.snapshot(under: .foreseen)
            var accumulator = LoadAccumulator(
                window: SampleWindow(.foreseen, endingAt: moment.now),
                rules: RateRules(periodMilliseconds: 300_000))
            var counters = [Int64(0), 0]
            for interval in 0...past {
                for domain in counters.indices {
                    accumulator.add(
                        DomainReading(
                            domain: domain, host: 0, at: world.history.time(of: interval),
                            cpuTime: counters[domain], vcpus: 4))
                    counters[domain] +=
                        Int64(max(0, world.history.value(domain, at: interval))) * 300_000_000
                }
            }
            expected = accumulator.finish(domains: ["id-1": 0, "id-2": 1], hosts: [:])
            return []
        }
        var domains = world.base.domains
        for index in domains.indices {
            domains[index].demand = expected?.domains[domains[index].id] ?? .unknown
        }
        Deviation.weigh(
            &domains, hosts: world.base.hosts.count,
            thousandths: DemandWindow.foreseen.deviationThousandths,
            correlation: expected?.correlation ?? 0)
        #expect(seen?.domains.map(\.demand) == domains.map(\.demand))
        #expect(seen?.domains[0].demand.cpu?.count == 24)
    }
}
