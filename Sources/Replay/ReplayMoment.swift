package import ClusterModel
package import PlacementPolicy
package import Telemetry

/// What a policy may look at when it is asked: the present placement and the past, never what
/// comes.
package struct ReplayMoment: Sendable {
    package let now: Timestamp
    /// So many intervals are past.
    package let past: Int
    /// Host of each domain, by number; nil while it is down.
    package let placement: [Int?]
    /// Hosts that are lost, not there yet, or out of reach.
    package let isUnreachable: [Bool]
    package let draining: [Bool]
    private let world: ReplayWorld
    private let hours: ReplayHours

    init(
        now: Timestamp, past: Int, placement: [Int?], isUnreachable: [Bool], draining: [Bool],
        world: ReplayWorld, hours: ReplayHours
    ) {
        self.hours = hours
        self.now = now
        self.past = past
        self.placement = placement
        self.isUnreachable = isUnreachable
        self.draining = draining
        self.world = world
    }

    package var hosts: [Host] { world.base.hosts }
    package var domains: [Domain] { world.base.domains }
    package var intervalMilliseconds: Int64 { world.history.intervalMilliseconds }

    /// The last values of a domain, oldest first; the newest is of the interval that just ended.
    package func values(_ domain: Int, last count: Int) -> ArraySlice<Int32> {
        world.history.values(domain, max(0, past - count)..<past)
    }

    /// What it used last; zero when not measured.
    package func latest(_ domain: Int) -> Int64 {
        past == 0 ? 0 : Int64(max(0, world.history.value(domain, at: past - 1)))
    }

    /// Mean of what was measured in the last intervals.
    package func mean(_ domain: Int, last count: Int) -> Int64 {
        var (sum, measured) = (Int64(0), Int64(0))
        for value in values(domain, last: count) where value >= 0 {
            sum += Int64(value)
            measured += 1
        }
        return measured == 0 ? 0 : sum / measured
    }

    package func peak(_ domain: Int, last count: Int) -> Int64 {
        Int64(max(0, values(domain, last: count).max() ?? 0))
    }

    /// Sums over the domains of each host.
    package func hostLoads(_ use: (Int) -> Int64) -> [Int64] {
        var loads = [Int64](repeating: 0, count: hosts.count)
        for (domain, host) in placement.enumerated() {
            if let host { loads[host] += use(domain) }
        }
        return loads
    }

    package func capacity(_ host: Int) -> Int64 {
        Int64(hosts[host].facts?.cpu.logicalCPUs ?? 0) * 1000
    }

    /// Demand in the slots of a window that ends now, as `LoadAccumulator` reads it off samples.
    package func demand(_ domain: Int, _ window: SampleWindow) -> Demand {
        let count = Int(
            (window.lengthMilliseconds + intervalMilliseconds - 1) / intervalMilliseconds)
        let first = max(0, past - count)
        var values = SlotSeries(window)
        for interval in first..<past {
            let value = world.history.value(domain, at: interval)
            guard value >= 0 else { continue }
            values.add(Int64(value), at: world.history.time(of: interval + 1))
        }
        return values.demand()
    }

    /// The world as the planner sees it.
    package func snapshot(under rules: DemandWindow) -> ClusterSnapshot {
        var foresight = Foresight(endingAt: now)
        let window = SampleWindow(rules, endingAt: now)
        var hosts = world.base.hosts
        for host in hosts.indices {
            hosts[host].observedAt = now
            if isUnreachable[host] { hosts[host].fault = "it does not answer" }
            if draining[host] { hosts[host].inMaintenance = true }
        }
        var present: [Domain] = []
        present.reserveCapacity(placement.count)
        for (number, host) in placement.enumerated() {
            guard let host else { continue }
            var domain = world.base.domains[number]
            domain.host = world.base.hosts[host].name
            domain.demand =
                rules.isForeseen
                ? hours.demand(of: number, in: world.history, past: past, &foresight)
                : demand(number, window)
            present.append(domain)
        }
        Deviation.weigh(
            &present, hosts: isUnreachable.count { !$0 },
            thousandths: rules.deviationThousandths, correlation: foresight.correlation)
        var snapshot = ClusterSnapshot(
            observedAt: now, hosts: hosts, domains: present, demandSlots: rules.slots)
        snapshot.calibration = world.base.calibration
        return snapshot
    }
}
