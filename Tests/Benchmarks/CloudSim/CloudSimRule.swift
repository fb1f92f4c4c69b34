/// CloudSim's own rules: when a host is too full, which guest leaves it (minimum migration time),
/// and where it goes (power-aware best fit).
struct CloudSimRule {
    /// When a host counts as over-utilised.
    enum Detector {
        case threshold(Double)
        /// Local regression over ten samples; the threshold holds until there are that many.
        case regression(safety: Double, before: Double)
    }

    var detector: Detector

    /// `PowerVmAllocationPolicyMigrationAbstract.optimizeAllocation`.
    func decide(_ world: inout CloudSimWorld) -> [CloudSimWorld.Relocation] {
        let full = world.hosts.indices.filter { isOver($0, in: world) }
        let saved = world.hosts.map(\.guests)
        var leaving: [Int] = []
        for host in full {
            while let guest = smallest(on: host, in: world) {
                leaving.append(guest)
                world.destroy(guest, on: host)
                if !isOver(host, in: world) { break }
            }
        }
        var moves = place(leaving, in: &world, except: Set(full), allOrNone: false)
        moves += emptied(&world, full: full)
        for host in world.hosts.indices {
            world.hosts[host].deallocateAll()
            world.hosts[host].guests = []
        }
        for host in world.hosts.indices {
            for guest in saved[host] { world.create(guest, on: host) }
        }
        return moves
    }

    private func emptied(
        _ world: inout CloudSimWorld, full: [Int]
    ) -> [CloudSimWorld.Relocation] {
        var moves: [CloudSimWorld.Relocation] = []
        let off = world.hosts.indices.filter { world.hosts[$0].load == 0 }
        var passedOver = Set(full).union(off)
        var closed = passedOver
        while passedOver.count < world.hosts.count {
            var (least, chosen) = (1.0, -1)
            for host in world.hosts.indices where !passedOver.contains(host) {
                let load = world.hosts[host].load
                if load > 0, load < least, !world.hosts[host].guests.isEmpty {
                    (least, chosen) = (load, host)
                }
            }
            guard chosen >= 0 else { break }
            passedOver.insert(chosen)
            closed.insert(chosen)
            let found = place(
                world.hosts[chosen].guests, in: &world, except: closed, allOrNone: true)
            passedOver.formUnion(found.map(\.target))
            moves += found
        }
        return moves
    }

    private func place(
        _ guests: [Int], in world: inout CloudSimWorld, except closed: Set<Int>, allOrNone: Bool
    ) -> [CloudSimWorld.Relocation] {
        let now = world.time
        let uses = guests.map { world.guests[$0].use(at: now) * world.guests[$0].mips }
        let order = guests.indices.sorted { (uses[$1], $0) < (uses[$0], $1) }
        var moves: [CloudSimWorld.Relocation] = []
        for guest in order.map({ guests[$0] }) {
            if let target = host(for: guest, in: &world, except: closed) {
                world.create(guest, on: target)
                moves.append(.init(guest: guest, target: target))
            } else if allOrNone {
                for move in moves { world.destroy(move.guest, on: move.target) }
                return []
            }
        }
        return moves
    }

    /// The host whose power rises least: `findHostForVm`.
    func host(
        for guest: Int, in world: inout CloudSimWorld, except closed: Set<Int>
    ) -> Int? {
        let demand = world.guests[guest].demand
        let memory = world.guests[guest].isBeingMade ? world.guests[guest].ram : 0
        var (least, chosen) = (Double.greatestFiniteMagnitude, Int?.none)
        for host in world.hosts.indices where !closed.contains(host) {
            let candidate = world.hosts[host]
            guard candidate.mipsOfCore >= demand, candidate.available >= demand,
                candidate.memoryFree >= memory
            else { continue }
            let expected = candidate.expected
            if expected != 0, isOver(host, in: world, with: guest) { continue }
            let rise = candidate.power(at: (expected + demand) / candidate.total) - candidate.power
            if rise < least { (least, chosen) = (rise, host) }
        }
        return chosen
    }

    private func smallest(on host: Int, in world: CloudSimWorld) -> Int? {
        var (least, chosen) = (Double.greatestFiniteMagnitude, Int?.none)
        for guest in world.hosts[host].guests where !world.guests[guest].isMigrating {
            if world.guests[guest].ram < least {
                (least, chosen) = (world.guests[guest].ram, guest)
            }
        }
        return chosen
    }

    // MARK: Detection

    private func isOver(_ host: Int, in world: CloudSimWorld, with extra: Int? = nil) -> Bool {
        switch detector {
        case .threshold(let most): exceeds(most, host, in: world, with: extra)
        case .regression(let safety, let before):
            predicted(host, in: world, with: extra).map { $0 * safety >= 1 }
                ?? exceeds(before, host, in: world, with: extra)
        }
    }

    private func exceeds(
        _ most: Double, _ host: Int, in world: CloudSimWorld, with extra: Int?
    ) -> Bool {
        var sum = 0.0
        for guest in world.hosts[host].guests { sum += world.guests[guest].demand }
        if let extra { sum += world.guests[extra].demand }
        return sum / world.hosts[host].total > most
    }

    /// Use at the next tick by a straight line through the last ten; nil with fewer.
    private func predicted(
        _ host: Int, in world: CloudSimWorld, with extra: Int?
    ) -> Double? {
        var sums = [Double](repeating: 0, count: 30)
        let total = world.hosts[host].total
        func add(_ guest: Int) {
            let history = world.guests[guest].history
            let factor = world.guests[guest].mips
            for back in history.indices {
                sums[back] += history[history.count - 1 - back] * factor / total
            }
        }
        for guest in world.hosts[host].guests { add(guest) }
        if let extra { add(extra) }
        guard sums[9...].contains(where: { $0 != 0 }) else { return nil }
        var (meanY, sumXY) = (0.0, 0.0)
        for x in 1...10 { meanY += sums[10 - x] / 10 }
        for x in 1...10 { sumXY += (Double(x) - 5.5) * (sums[10 - x] - meanY) }
        let slope = sumXY / 82.5
        return meanY + slope * (11 - 5.5)
    }
}
