import ClusterModel

/// Brings every host under its ceiling with as few moved domains as it can find.
///
/// Iterated greedy (Ruiz, Stützle 2007) with shifts and swaps: fill, then again and again send a
/// few moved units home and fill once more, keeping what is no worse. Every state on the way is a
/// placement that breaks nothing. Effort is counted in trials.
struct OverloadRepair {
    private(set) var state: UnitPlacement
    let targets: [Int]
    private(set) var ceilings: [Int64] = []
    /// How far each host is above its ceilings, in hundredths of a percent.
    private var excess: [Int64]
    private(set) var totalExcess: Int64 = 0
    private(set) var moved = 0
    private var budget = Int.max
    private var isStuck: [Bool]
    private var random: SplitMix64
    private var trail: [Change] = []
    /// Does the present filling stray from what looks best?
    private var isDisordered = false
    private let isSource: [Bool]
    /// What is evened out. The fullness of anything else does not choose a target: it only has to
    /// fit.
    private let driven: [Int]

    /// A unit's change of host, for undoing it.
    private struct Change {
        var unit: Int
        var from: Int
    }

    init(
        _ state: UnitPlacement, sources: [Int], targets: [Int], driven: [Int], seed: UInt64
    ) {
        self.state = state
        self.driven = driven
        self.targets = targets
        random = SplitMix64(seed: seed)
        excess = Array(repeating: 0, count: state.problem.hosts.count)
        isStuck = Array(repeating: false, count: state.problem.hosts.count)
        var isSource = Array(repeating: false, count: state.problem.hosts.count)
        for host in sources { isSource[host] = true }
        self.isSource = isSource
    }

    /// The host of every unit.
    var hosts: [Int] { state.units.members.indices.map { state.host(of: $0) } }

    /// Goes back to a placement that was found before.
    mutating func restore(_ hosts: [Int]) {
        for unit in hosts.indices where state.host(of: unit) != hosts[unit] {
            shift(unit, to: hosts[unit])
        }
        trail = []
    }

    /// True when every host came under its ceiling with at most `budget` domains moved.
    mutating func run(ceilings: [Int64], budget: Int, trials: Int) -> Bool {
        self.ceilings = ceilings
        self.budget = budget
        for host in excess.indices { excess[host] = 0 }
        totalExcess = 0
        for host in excess.indices where isSource[host] { update(host) }
        while moved > budget { guard sendHome(anyMoved()) else { break } }
        trail = []
        isDisordered = false
        fill()
        var idle = 0
        for _ in 0..<trials where (totalExcess > 0 || moved > budget) && idle <= trials / 3 {
            let before = (totalExcess, moved)
            trail = []
            isDisordered = Bool.random(using: &random)
            destroy()
            fill()
            idle = (totalExcess, moved) < before ? 0 : idle + 1
            if moved > budget || (totalExcess, moved) > before { undo() }
        }
        trail = []
        assertIncremental()
        return totalExcess == 0 && moved <= budget
    }

    /// Sends home what can be home without pushing any host over its ceiling.
    mutating func prune() {
        for unit in movedUnits() where underCeiling(unit, on: state.origin(of: unit)) {
            let present = state.host(of: unit)
            state.remove(unit)
            let fits = state.fits(unit, on: state.origin(of: unit))
            state.place(unit, on: present)
            if fits { shift(unit, to: state.origin(of: unit)) }
        }
        trail = []
    }

    // MARK: Changes

    mutating func shift(_ unit: Int, to target: Int) {
        let from = state.host(of: unit)
        let (home, size) = (state.origin(of: unit), state.units.members[unit].count)
        if from == home { moved += size }
        if target == home { moved -= size }
        state.remove(unit)
        state.place(unit, on: target)
        trail.append(Change(unit: unit, from: from))
        update(from)
        update(target)
    }

    private mutating func undo() {
        let changes = trail
        for change in changes.reversed() { shift(change.unit, to: change.from) }
        trail = []
    }

    private mutating func update(_ host: Int) {
        guard isSource[host], !ceilings.isEmpty else { return }
        let now = excessNow(host)
        totalExcess += now - excess[host]
        excess[host] = now
    }

    private func excessNow(_ host: Int, without unit: Int? = nil) -> Int64 {
        let (problem, width) = (state.problem, state.problem.width)
        let leaving = unit.map { state.units.members[$0] } ?? []
        let base = host * width
        var worst: Int64 = 0
        for resource in 0..<width {
            var over = state.placement.load[base + resource] - ceilings[base + resource]
            if over <= 0 { continue }
            for member in leaving { over -= problem.demand[member * width + resource] }
            if over > 0 {
                let share = WorkingPlacement.share(over, of: problem.capacity[base + resource])
                worst = max(worst, max(1, share))
            }
        }
        return worst
    }

    private func assertIncremental() {
        assert(
            totalExcess
                == excess.indices.reduce(0) { $0 + (isSource[$1] ? excessNow($1) : 0) },
            "the excess that was kept is not the one that is")
        assert(
            moved
                == state.units.members.indices.reduce(0) {
                    state.host(of: $1) == state.origin(of: $1)
                        ? $0 : $0 + state.units.members[$1].count
                }, "the moves that were counted are not those that were made")
    }

    private func movedUnits() -> [Int] {
        state.units.members.indices.filter { state.host(of: $0) != state.origin(of: $0) }
    }

    private mutating func anyMoved() -> Int? { movedUnits().randomElement(using: &random) }

    private mutating func sendHome(_ unit: Int?) -> Bool {
        guard let unit else { return false }
        let (present, home) = (state.host(of: unit), state.origin(of: unit))
        state.remove(unit)
        let fits = state.fits(unit, on: home)
        state.place(unit, on: present)
        if fits { shift(unit, to: home) }
        return fits
    }

    private mutating func destroy() {
        let units = movedUnits()
        guard !units.isEmpty else { return }
        let count = Int.random(in: 1...min(4, units.count), using: &random)
        for _ in 0..<count {
            guard let unit = units.randomElement(using: &random),
                state.host(of: unit) != state.origin(of: unit)
            else { continue }
            _ = sendHome(unit)
        }
    }

    // MARK: Filling

    private mutating func fill() {
        for host in isStuck.indices { isStuck[host] = false }
        let tightest = isDisordered && Int.random(in: 0..<2, using: &random) == 0
        while totalExcess > 0, let host = hottest() {
            if !relieve(host, tightest: tightest), !swap(host) { isStuck[host] = true }
        }
    }

    private func hottest() -> Int? {
        var best: Int?
        for host in excess.indices where excess[host] > 0 && !isStuck[host] {
            if best.map({ excess[host] > excess[$0] }) ?? true { best = host }
        }
        return best
    }

    /// Units that may leave a host, those first that repair most, and among those that repair it
    /// all the smallest; a little disorder lets each trial find something else.
    private mutating func leavers(_ host: Int) -> [Int] {
        var keyed: [(unit: Int, left: Int64, size: Int64)] = []
        for unit in leaving(host) where moved + extra(unit) <= budget {
            let left = excessNow(host, without: unit)
            guard left < excess[host] else { continue }
            let first = state.units.first[unit]
            keyed.append((unit, left, state.problem.load(of: first, ResourceLayout.memory)))
        }
        keyed.sort { ($0.left, $0.size, $0.unit) < ($1.left, $1.size, $1.unit) }
        if keyed.count > 1, isDisordered, Int.random(in: 0..<3, using: &random) == 0 {
            keyed.swapAt(0, Int.random(in: 0..<min(6, keyed.count), using: &random))
        }
        return keyed.map(\.unit)
    }

    /// Units of a host that may leave it, each once.
    func leaving(_ host: Int) -> [Int] {
        state.placement.residents[host].compactMap { domain in
            let unit = state.units.unit[domain]
            return state.isMovable[unit] && state.units.first[unit] == domain ? unit : nil
        }
    }

    /// What moving a unit adds to the domains moved: nothing if it is on its way already.
    func extra(_ unit: Int) -> Int {
        state.host(of: unit) == state.origin(of: unit) ? state.units.members[unit].count : 0
    }

    private mutating func relieve(_ host: Int, tightest: Bool) -> Bool {
        for unit in leavers(host) {
            guard let target = target(for: unit, from: host, tightest: tightest) else { continue }
            shift(unit, to: target)
            return true
        }
        return false
    }

    private mutating func target(for unit: Int, from host: Int, tightest: Bool) -> Int? {
        var best: (target: Int, share: Int64)?
        for target in targets where target != host && underCeiling(unit, on: target) {
            let share = state.share(of: target, adding: unit, driven) * (tightest ? -1 : 1)
            if let best, share >= best.share { continue }
            guard state.allows(unit, on: target), fitsElsewhere(unit, on: target) else { continue }
            best = (target, share)
        }
        return best?.target
    }

    mutating func fitsElsewhere(_ unit: Int, on target: Int) -> Bool {
        let only = state.units.only[unit]
        if only >= 0, state.problem.groupsOfDomain[only].isEmpty { return true }
        let present = state.host(of: unit)
        state.remove(unit)
        defer { state.place(unit, on: present) }
        return state.fits(unit, on: target)
    }

    func underCeiling(_ unit: Int, on target: Int, without other: Int? = nil) -> Bool {
        let (problem, width) = (state.problem, state.problem.width)
        let coming = state.units.members[unit]
        let leaving = other.map { state.units.members[$0] } ?? []
        let base = target * width
        for resource in 0..<width {
            var added: Int64 = 0
            for member in coming { added += problem.demand[member * width + resource] }
            for member in leaving { added -= problem.demand[member * width + resource] }
            if added > 0, state.placement.load[base + resource] + added > ceilings[base + resource]
            {
                return false
            }
        }
        return true
    }

    /// Exchanges a unit of a host that is too full for a smaller one elsewhere.
    private mutating func swap(_ host: Int) -> Bool {
        let leavers = leavers(host).prefix(8)
        for target in targets.shuffled(using: &random).prefix(12) where target != host {
            for unit in leavers where state.allows(unit, on: target) {
                for other in leaving(target) {
                    guard moved + extra(unit) + extra(other) <= budget,
                        underCeiling(unit, on: target, without: other),
                        swapHelps(host, unit, other), state.allows(other, on: host),
                        exchange(unit, other)
                    else { continue }
                    return true
                }
            }
        }
        return false
    }

    private func swapHelps(_ host: Int, _ unit: Int, _ other: Int) -> Bool {
        let (problem, width) = (state.problem, state.problem.width)
        let (leaving, coming) = (state.units.members[unit], state.units.members[other])
        let base = host * width
        var worst: Int64 = 0
        for resource in 0..<width {
            var load = state.placement.load[base + resource]
            for member in leaving { load -= problem.demand[member * width + resource] }
            for member in coming { load += problem.demand[member * width + resource] }
            if load > problem.limit[base + resource] { return false }
            let over = load - ceilings[base + resource]
            if over > 0 {
                let share = WorkingPlacement.share(over, of: problem.capacity[base + resource])
                worst = max(worst, max(1, share))
            }
        }
        return worst < excess[host]
    }

    private mutating func exchange(_ unit: Int, _ other: Int) -> Bool {
        let (host, target) = (state.host(of: unit), state.host(of: other))
        state.remove(unit)
        state.remove(other)
        let first = state.placeIfItFits(unit, on: target)
        let second = first && state.placeIfItFits(other, on: host)
        if first { state.remove(unit) }
        if second { state.remove(other) }
        state.place(unit, on: host)
        state.place(other, on: target)
        guard first, second else { return false }
        shift(unit, to: target)
        shift(other, to: host)
        return true
    }
}
