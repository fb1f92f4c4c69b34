import ClusterModel
import Replay
import Simulation

/// Beloglazov's rule in a fleet: a host above the threshold gives its smallest domains (they
/// migrate fastest) to the hosts that are fullest and yet stay below it.
struct ThresholdRule: ReplayRule {
    let name = "threshold + least migration time"
    var threshold: Int64 = 800
    private let times = MoveTimes()

    func decide(_ moment: ReplayMoment) -> [ReplayOrder] {
        var loads = moment.hostLoads(moment.latest)
        var memory = moment.hostLoads { moment.domains[$0].facts.memory.count }
        var moves: [(domain: Int, target: Int)] = []
        let placement = moment.placement
        var residents = [[Int]](repeating: [], count: loads.count)
        for (domain, host) in placement.enumerated() {
            if let host { residents[host].append(domain) }
        }
        func isOver(_ host: Int, _ load: Int64) -> Bool {
            load * 1000 > moment.capacity(host) * threshold
        }
        for host in loads.indices where isOver(host, loads[host]) {
            let smallest = residents[host].sorted {
                (moment.domains[$0].facts.memory, $0) < (moment.domains[$1].facts.memory, $1)
            }
            for domain in smallest where isOver(host, loads[host]) {
                let use = moment.latest(domain)
                let size = moment.domains[domain].facts.memory.count
                let target = loads.indices.filter {
                    $0 != host && !moment.isUnreachable[$0] && !isOver($0, loads[$0] + use)
                        && memory[$0] + size <= moment.hosts[$0].facts?.memory.count ?? 0
                }.max { (loads[$0], $1) < (loads[$1], $0) }
                guard let target else { continue }
                moves.append((domain, target))
                loads[host] -= use
                loads[target] += use
                memory[host] -= size
                memory[target] += size
            }
        }
        return times.orders(moves, moment)
    }
}

/// Evens hosts out by one figure of each domain (its mean, or its peak), whenever the fullest is so
/// much fuller than the emptiest: from the fullest to the emptiest, the domain that halves the gap
/// best.
struct EvenRule: ReplayRule {
    let name: String
    let usesPeak: Bool
    let intervals: Int
    var gap: Int64 = 200
    var asksEvery = 12
    private let times = MoveTimes()

    /// Mean of the last hour, asked every hour; or peak of the last day.
    static let mean = EvenRule(name: "mean-based", usesPeak: false, intervals: 12)
    static let peak = EvenRule(name: "peak-based", usesPeak: true, intervals: 288)

    init(name: String, usesPeak: Bool, intervals: Int) {
        self.name = name
        self.usesPeak = usesPeak
        self.intervals = intervals
    }

    func decide(_ moment: ReplayMoment) -> [ReplayOrder] {
        guard moment.past % asksEvery == 0, moment.past > 0 else { return [] }
        let use = moment.domains.indices.map {
            usesPeak ? moment.peak($0, last: intervals) : moment.mean($0, last: intervals)
        }
        var state = EvenState(moment, use: use)
        while state.moves.count < 50, state.step(gap: gap) {}
        return times.orders(state.moves, moment)
    }
}

/// Loads of hosts while moves are picked one by one.
struct EvenState {
    let moment: ReplayMoment
    let use: [Int64]
    private(set) var loads: [Int64]
    private(set) var memory: [Int64]
    private(set) var place: [Int?]
    private(set) var moves: [(domain: Int, target: Int)] = []

    init(_ moment: ReplayMoment, use: [Int64]) {
        self.moment = moment
        self.use = use
        loads = moment.hostLoads { use[$0] }
        memory = moment.hostLoads { moment.domains[$0].facts.memory.count }
        place = moment.placement
    }

    func share(_ host: Int) -> Int64 { loads[host] * 1000 / max(1, moment.capacity(host)) }

    func hasRoom(_ domain: Int, on host: Int) -> Bool {
        !moment.isUnreachable[host]
            && memory[host] + moment.domains[domain].facts.memory.count
                <= moment.hosts[host].facts?.memory.count ?? 0
    }

    mutating func move(_ domain: Int, to target: Int) {
        guard let source = place[domain] else { return }
        let size = moment.domains[domain].facts.memory.count
        loads[source] -= use[domain]
        loads[target] += use[domain]
        memory[source] -= size
        memory[target] += size
        place[domain] = target
        moves.removeAll { $0.domain == domain }
        moves.append((domain, target))
    }

    mutating func step(gap: Int64) -> Bool {
        let open = loads.indices.filter { !moment.isUnreachable[$0] }
        guard let fullest = open.max(by: { share($0) < share($1) }),
            let emptiest = open.min(by: { share($0) < share($1) }),
            share(fullest) - share(emptiest) > gap
        else { return false }
        let wanted = (loads[fullest] - loads[emptiest]) / 2
        let candidates = place.indices.filter {
            place[$0] == fullest && use[$0] > 0 && use[$0] < 2 * wanted
                && hasRoom($0, on: emptiest)
        }
        guard
            let best = candidates.min(by: {
                (abs(use[$0] - wanted), $0) < (abs(use[$1] - wanted), $1)
            })
        else { return false }
        move(best, to: emptiest)
        return true
    }
}

/// ProxLB 2.2.0's loop by CPU: if hosts differ by more than `balanciness` points, domains from the
/// smallest memory up go to the host with the least load, until their own host is no longer the
/// fullest. CPU is the mean of an hour; the daemon looks every twelve hours.
struct ProxLBRule: ReplayRule {
    let name = "ProxLB-like"
    var balanciness: Int64 = 50
    var asksEvery = 144
    private let times = MoveTimes()

    func decide(_ moment: ReplayMoment) -> [ReplayOrder] {
        guard moment.past % asksEvery == 0, moment.past > 0 else { return [] }
        let use = moment.domains.indices.map { moment.mean($0, last: 12) }
        var state = EvenState(moment, use: use)
        let order = moment.domains.indices.sorted {
            (moment.domains[$0].facts.memory, $0) < (moment.domains[$1].facts.memory, $1)
        }
        let open = state.loads.indices.filter { !moment.isUnreachable[$0] }
        for domain in order {
            guard let source = state.place[domain],
                let fullest = open.max(by: { state.share($0) < state.share($1) }),
                let emptiest = open.min(by: { state.share($0) < state.share($1) }),
                state.share(fullest) - state.share(emptiest) > balanciness
            else { continue }
            guard source == fullest, state.hasRoom(domain, on: emptiest) else { continue }
            state.move(domain, to: emptiest)
        }
        return times.orders(state.moves, moment)
    }
}

/// Watcher's workload_balance: one domain an audit, from the hottest host above the threshold, the
/// one that brings it closest to the mean, to a host that stays below.
struct WatcherRule: ReplayRule {
    let name = "Watcher-like (workload balance)"
    /// Of a host's CPU; Watcher's default of 25 % is for idle clouds.
    var threshold: Int64
    private let times = MoveTimes()

    init(threshold: Int64 = 250) { self.threshold = threshold }

    func decide(_ moment: ReplayMoment) -> [ReplayOrder] {
        let state = EvenState(moment, use: moment.domains.indices.map { moment.latest($0) })
        let open = state.loads.indices.filter { !moment.isUnreachable[$0] }
        guard let hottest = open.max(by: { state.share($0) < state.share($1) }),
            state.share(hottest) > threshold
        else { return [] }
        let mean = state.loads.reduce(0, +) / Int64(max(1, open.count))
        let wanted = state.loads[hottest] - mean
        let leaving = state.place.indices.filter {
            state.place[$0] == hottest && state.use[$0] > 0 && state.use[$0] <= wanted
        }
        guard
            let domain = leaving.max(by: { (state.use[$0], $1) < (state.use[$1], $0) }),
            let target = open.filter({
                $0 != hottest && state.hasRoom(domain, on: $0)
                    && (state.loads[$0] + state.use[domain]) * 1000
                        < moment.capacity($0) * max(threshold, state.share(hottest))
            }).min(by: { state.share($0) < state.share($1) })
        else { return [] }
        return times.orders([(domain, target)], moment)
    }
}

/// Watcher's workload_stabilization: of all moves of a domain to a host tried at random, those that
/// lower the standard deviation of CPU most, one after the other until it is below a tenth.
struct StabilizationRule: ReplayRule {
    let name = "Watcher-like (stabilization)"
    var asksEvery = 12
    private var random = SplitMix64(seed: 1)
    private let times = MoveTimes()

    mutating func decide(_ moment: ReplayMoment) -> [ReplayOrder] {
        guard moment.past % asksEvery == 0, moment.past > 0 else { return [] }
        var state = EvenState(moment, use: moment.domains.indices.map { moment.mean($0, last: 3) })
        let open = state.loads.indices.filter { !moment.isUnreachable[$0] }
        func deviation(_ loads: (Int) -> Int64) -> Double {
            let shares = open.map { Double(loads($0)) / Double(max(1, moment.capacity($0))) }
            let mean = shares.reduce(0, +) / Double(max(1, shares.count))
            let squares = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return (squares / Double(max(1, shares.count))).squareRoot()
        }
        var candidates: [(domain: Int, target: Int, after: Double)] = []
        for domain in state.place.indices {
            guard let source = state.place[domain], state.use[domain] > 0,
                let target = open.randomElement(using: &random), target != source
            else { continue }
            let after = deviation { host in
                state.loads[host]
                    + (host == target ? state.use[domain] : host == source ? -state.use[domain] : 0)
            }
            candidates.append((domain, target, after))
        }
        candidates.sort { ($0.after, $0.domain) < ($1.after, $1.domain) }
        var now = deviation { state.loads[$0] }
        for candidate in candidates where now >= 0.1 {
            let before = state
            state.move(candidate.domain, to: candidate.target)
            let after = deviation { state.loads[$0] }
            if after < now, before.hasRoom(candidate.domain, on: candidate.target) {
                now = after
            } else {
                state = before
            }
        }
        return times.orders(state.moves, moment)
    }
}
