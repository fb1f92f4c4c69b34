/// CloudSim 3.0.3's power simulation of one day, written again from its rules (tag cloudsim-3.0.3,
/// `org.cloudbus.cloudsim.power`): same clock, same order of events, same doubles.
///
/// What is peculiar is kept: a guest that uses nothing at a tick is gone for good, the first five
/// minutes cost no energy, and on a host that is asked for too much shares are rounded down.
struct CloudSimWorld {
    /// Where a decision sends a guest.
    struct Relocation {
        var guest: Int
        var target: Int
    }

    var guests: [CloudSimGuest]
    var hosts: [CloudSimHost]
    private(set) var time = 0.0
    private(set) var migrations = 0
    private(set) var wattSeconds = 0.0
    private var lastTime = 0.0

    static let memories = [870.0, 1740, 1740, 613]
    static let speeds = [2500.0, 2000, 1000, 500]
    static let g4 = [86, 89.4, 92.6, 96, 99.5, 102, 106, 108, 112, 114, 117]
    static let g5 = [93.7, 97, 101, 105, 110, 116, 121, 125, 129, 133, 135]
    /// MB/s that a migration copies: half of 1 Gbit/s.
    static let copyRate = 1_000_000.0 / 16_000

    init(traces: [[Double]], hosts count: Int = 800) {
        let quarter = (traces.count + 3) / 4
        guests = traces.enumerated().map { number, trace in
            let kind = number / quarter
            return CloudSimGuest(
                mips: Self.speeds[kind], ram: Self.memories[kind], trace: trace)
        }
        hosts = (0..<count).map { number in
            number % 2 == 0
                ? CloudSimHost(mipsOfCore: 1860, watts: Self.g4)
                : CloudSimHost(mipsOfCore: 2660, watts: Self.g5)
        }
    }

    /// The day: guests are made, then every five minutes the rule is asked.
    mutating func run(_ decide: (inout CloudSimWorld) -> [Relocation], first: CloudSimRule) {
        for guest in guests.indices {
            guard let host = first.host(for: guest, in: &self, except: []) else {
                preconditionFailure("no host for guest \(guest)")
            }
            create(guest, on: host)
            hosts[host].memoryFree -= guests[guest].ram
            guests[guest].isBeingMade = false
        }
        var tick = 0.1 + 300
        while tick < 86_400 {
            time = tick
            pass()
            start(decide(&self))
            tick = time + 300
            finishMigrations(before: min(tick, 86_400))
        }
    }

    // MARK: Migrations

    private var underWay: [(at: Double, move: Relocation)] = []

    private mutating func start(_ moves: [Relocation]) {
        for move in moves {
            let (guest, target) = (move.guest, move.target)
            guests[guest].isMigrating = true
            if !hosts[target].arriving.contains(guest) {
                hosts[target].arriving.append(guest)
                hosts[target].allocate(guest, guests[guest].demand, isMigrating: true)
                hosts[target].guests.append(guest)
                hosts[target].update(time, &guests)
                hosts[guests[guest].host].update(time, &guests)
            }
            migrations += 1
            underWay.append((time + guests[guest].ram / Self.copyRate, move))
        }
        lastTime = time
    }

    private mutating func finishMigrations(before end: Double) {
        // Stable: events of one moment keep the order in which they were sent.
        let events = underWay.enumerated().sorted {
            ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
        }
        .map(\.element)
        underWay = []
        for (number, event) in events.enumerated() {
            guard event.at < end else { continue }
            time = event.at
            if time > lastTime { pass() }
            let (guest, target) = (event.move.guest, event.move.target)
            if guests[guest].host >= 0 { destroy(guest, on: guests[guest].host) }
            hosts[target].deallocate(guest)
            hosts[target].arriving.removeAll { $0 == guest }
            if let place = hosts[target].guests.firstIndex(of: guest) {
                hosts[target].guests.remove(at: place)
            }
            guests[guest].isMigrating = false
            create(guest, on: target)
            if number + 1 == events.count || events[number + 1].at > time { pass() }
        }
    }

    // MARK: Time

    /// `updateCloudetProcessingWithoutSchedulingFutureEventsForce`.
    private mutating func pass() {
        for host in hosts.indices { hosts[host].update(time, &guests) }
        let span = time - lastTime
        if span > 0 {
            for host in hosts where host.loadBefore != 0 {
                let from = host.power(at: host.loadBefore)
                wattSeconds += (from + (host.power - from) / 2) * span
            }
        }
        for host in hosts.indices {
            for guest in hosts[host].guests
            where !guests[guest].isMigrating && guests[guest].demand == 0 {
                destroy(guest, on: host)
                guests[guest].isGone = true
            }
        }
        lastTime = time
    }

    // MARK: Placement

    mutating func create(_ guest: Int, on host: Int) {
        hosts[host].allocate(
            guest, guests[guest].demand, isMigrating: guests[guest].isMigrating)
        hosts[host].guests.append(guest)
        guests[guest].host = host
    }

    mutating func destroy(_ guest: Int, on host: Int) {
        hosts[host].deallocate(guest)
        if let place = hosts[host].guests.firstIndex(of: guest) {
            hosts[host].guests.remove(at: place)
        }
        guests[guest].host = -1
    }

    // MARK: Results

    var kilowattHours: Double { wattSeconds / 3_600_000 }
    /// Share of the time of active hosts in which somebody got less than asked.
    var overloadShare: Double {
        let (lack, all) = hosts.reduce(into: (0.0, 0.0)) {
            $0.0 += $1.ledger.flaggedTimeInLack
            $0.1 += $1.ledger.flaggedTime
        }
        return lack / all
    }
    /// Share of what was asked for that was not given because of migrations.
    var migrationLoss: Double {
        let (lack, all) = guests.reduce(into: (0.0, 0.0)) {
            $0.0 += $1.ledger.lackedWhileFlagged
            $0.1 += $1.ledger.asked
        }
        return lack / all
    }
    var violations: Double { overloadShare * migrationLoss }
    var shutdowns: Int { hosts.reduce(0) { $0 + $1.ledger.endings } }
}
