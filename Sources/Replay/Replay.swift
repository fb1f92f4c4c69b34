import ClusterModel
import PlacementPolicy

/// Plays a history against a fleet under a policy, in virtual time.
///
/// The policy is asked at the start of an interval, unless what it ordered last is still under way.
/// A migration takes the time that the planner expected; meanwhile the domain counts on both hosts.
/// O(intervals × domains) and what the policy costs.
package struct Replay {
    package private(set) var result = ReplayResult()
    package private(set) var track = ReplayTrack()
    /// In order of time; only where the track is kept.
    package private(set) var losses: [ReplayLoss] = []
    private let world: ReplayWorld
    private let hours: ReplayHours
    private let askEvery: Int
    private let keepsTrack: Bool
    private let capacity: [Int64]
    private let memory: [Int64]

    private var now: Int64 = 0
    private var placement: [Int?]
    private var isUnreachable: [Bool]
    private var draining: [Bool]
    private var isLost: [Bool]
    /// By number of the domain: what it uses in this interval.
    private var use: [Int64]
    private var load: [Int64]
    private var promised: [Int64]
    private var residents: [Int64]
    private var accruedAt: [Int64]
    private var waiting: [Transfer] = []
    private var running: [Transfer] = []
    private var movesOf: [Int]
    private let number: [DomainID: Int]
    private let hostNumber: [HostName: Int]

    private struct Transfer {
        var order: ReplayOrder
        var domain: Int
        var source: Int
        var target: Int
        var start: Int64
        var end: Int64
    }

    /// Hosts that are added later are not there at the start.
    package init(_ world: ReplayWorld, askEvery intervals: Int = 1, keepsTrack: Bool = false) {
        precondition(intervals > 0)
        self.world = world
        hours = ReplayHours(of: world.history)
        askEvery = intervals
        self.keepsTrack = keepsTrack
        let base = world.base
        hostNumber = Dictionary(
            firstOf: base.hosts.enumerated().map { ($1.name, $0) })
        number = Dictionary(
            firstOf: base.domains.enumerated().map { ($1.id, $0) })
        let hostNumber = self.hostNumber
        placement = base.domains.map { hostNumber[$0.host] }
        capacity = base.hosts.map { Int64($0.facts?.cpu.logicalCPUs ?? 0) * 1000 }
        memory = base.hosts.map { $0.facts?.memory.count ?? 0 }
        isLost = base.hosts.map { !$0.isReachable }
        isUnreachable = isLost
        draining = base.hosts.map(\.inMaintenance)
        for event in world.events where event.kind == .added {
            if let host = hostNumber[event.host] { isUnreachable[host] = true }
        }
        use = Array(repeating: 0, count: base.domains.count)
        movesOf = Array(repeating: 0, count: base.domains.count)
        load = Array(repeating: 0, count: base.hosts.count)
        promised = load
        residents = load
        accruedAt = load
        if keepsTrack { track.loads = Array(repeating: [], count: base.hosts.count) }
        if base.hosts.allSatisfy({ world.curves[$0.name] != nil }) {
            result.energyMillijoules = 0
        }
    }

    /// The whole history. The policy gives the migrations that it wants, or none.
    package mutating func run(_ decide: (ReplayMoment) -> [ReplayOrder]) {
        let history = world.history
        for interval in 0..<history.intervals {
            let end = Int64(interval + 1) * history.intervalMilliseconds
            happen(until: history.time(of: interval), past: interval)
            begin(interval)
            if interval % askEvery == 0, waiting.isEmpty, running.isEmpty {
                order(decide(moment(interval)))
            }
            pass(until: end)
        }
        result.milliseconds = now
        result.mostMovesOfADomain = movesOf.max() ?? 0
    }

    // MARK: Happenings

    private func moment(_ interval: Int) -> ReplayMoment {
        ReplayMoment(
            now: world.history.time(of: interval), past: interval, placement: placement,
            isUnreachable: isUnreachable, draining: draining, world: world, hours: hours)
    }

    private mutating func happen(until time: Timestamp, past: Int) {
        for event in world.events where event.at <= time {
            guard let host = hostNumber[event.host] else { continue }
            let isNew = event.at.millisecondsSince(time) > -world.history.intervalMilliseconds
            guard isNew || time == world.history.start else { continue }
            switch event.kind {
            case .lost:
                if keepsTrack {
                    losses.append(ReplayLoss(at: event.at, host: host, before: moment(past)))
                }
                lose(host)
            case .drain: draining[host] = true
            case .added, .back: isUnreachable[host] = isLost[host]
            case .away: isUnreachable[host] = true
            }
        }
    }

    private mutating func lose(_ host: Int) {
        isUnreachable[host] = true
        isLost[host] = true
        let isCut = { (transfer: Transfer) in transfer.source == host || transfer.target == host }
        result.refused += waiting.count(where: isCut)
        waiting.removeAll(where: isCut)
        running.removeAll(where: isCut)
        for domain in placement.indices where placement[domain] == host {
            placement[domain] = nil
        }
    }

    // MARK: Orders

    private mutating func order(_ orders: [ReplayOrder]) {
        for order in orders {
            guard let domain = number[order.domain], let target = hostNumber[order.target],
                let source = placement[domain], source != target, !isUnreachable[target],
                !isUnreachable[source]
            else {
                result.refused += 1
                continue
            }
            let start = now + max(0, order.startMilliseconds)
            waiting.append(
                Transfer(
                    order: order, domain: domain, source: source, target: target, start: start,
                    end: start + max(1, order.durationMilliseconds)))
        }
        waiting.sort { ($0.start, $0.domain) < ($1.start, $1.domain) }
    }

    // MARK: Time

    private mutating func begin(_ interval: Int) {
        for host in load.indices { (load[host], promised[host], residents[host]) = (0, 0, 0) }
        for domain in use.indices {
            use[domain] = Int64(max(0, world.history.value(domain, at: interval)))
            guard let host = placement[domain] else { continue }
            add(domain, to: host, factor: 1)
            residents[host] += 1
        }
        for transfer in running { add(transfer.domain, to: transfer.target, factor: 1) }
        guard keepsTrack else { return }
        for host in load.indices {
            track.loads[host].append(Int32(clamping: permille(host)))
        }
    }

    private mutating func add(_ domain: Int, to host: Int, factor: Int64) {
        load[host] += factor * use[domain]
        promised[host] += factor * world.base.domains[domain].facts.memory.count
    }

    private func permille(_ host: Int) -> Int64 {
        capacity[host] == 0 ? 0 : load[host] * 1000 / capacity[host]
    }

    /// From one start or end of a migration to the next.
    private mutating func pass(until end: Int64) {
        while true {
            let next = min(
                waiting.first?.start ?? Int64.max, running.map(\.end).min() ?? Int64.max)
            guard next < end else { break }
            now = next
            for transfer in running where transfer.end <= now { finish(transfer) }
            running.removeAll { $0.end <= now }
            while let transfer = waiting.first, transfer.start <= now {
                waiting.removeFirst()
                begin(transfer)
            }
        }
        now = end
        var inUse = 0
        for host in load.indices {
            if residents[host] > 0 { inUse += 1 }
            accrue(host)
        }
        result.mostHosts = max(result.mostHosts, inUse)
        let down = placement.count { $0 == nil }
        result.outageMilliseconds += Int64(down) * world.history.intervalMilliseconds
    }

    private mutating func begin(_ given: Transfer) {
        var transfer = given
        // A second move of one domain in one plan leaves from where the first brought it.
        guard let source = placement[transfer.domain], source != transfer.target,
            !isUnreachable[transfer.target]
        else {
            result.refused += 1
            return
        }
        transfer.source = source
        accrue(transfer.target)
        add(transfer.domain, to: transfer.target, factor: 1)
        running.append(transfer)
    }

    private mutating func finish(_ transfer: Transfer) {
        accrue(transfer.source)
        accrue(transfer.target)
        add(transfer.domain, to: transfer.source, factor: -1)
        residents[transfer.source] -= 1
        residents[transfer.target] += 1
        placement[transfer.domain] = transfer.target
        movesOf[transfer.domain] += 1
        result.moves += 1
        result.transferred += transfer.order.transferred
        result.downtimeMilliseconds += transfer.order.downtimeMilliseconds
        guard keepsTrack else { return }
        let start = world.history.start
        track.moves.append(
            ReplayedMove(
                start: start.advanced(byMilliseconds: transfer.start),
                end: start.advanced(byMilliseconds: transfer.end),
                domain: world.base.domains[transfer.domain].name,
                source: world.base.hosts[transfer.source].name,
                target: world.base.hosts[transfer.target].name))
    }

    /// Books what a host went through since it was looked at last.
    private mutating func accrue(_ host: Int) {
        let span = now - accruedAt[host]
        accruedAt[host] = now
        guard span > 0 else { return }
        let isBusy = load[host] > 0 || residents[host] > 0
        guard isBusy else { return }
        result.hostMilliseconds += span
        result.askedMilliCPUSeconds += load[host] * span / 1000
        if load[host] > capacity[host] {
            result.hostOverloadMilliseconds += span
            result.domainOverloadMilliseconds += span * residents[host]
            result.lackedMilliCPUSeconds += (load[host] - capacity[host]) * span / 1000
        }
        if load[host] * 10 > capacity[host] * 9 { result.hostHotMilliseconds += span }
        if promised[host] > memory[host] { result.memoryOverloadMilliseconds += span }
        if let curve = world.curves[world.base.hosts[host].name] {
            let millijoules = curve.milliwatts(atPermille: permille(host)) * span / 1000
            result.energyMillijoules? += millijoules
        }
    }
}
