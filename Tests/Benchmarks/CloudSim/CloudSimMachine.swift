/// A virtual machine of CloudSim's power package: one core, a trace of its use, and what CloudSim
/// remembers of it.
struct CloudSimGuest {
    var mips: Double
    var ram: Double
    /// 289 shares, 300 s apart.
    var trace: [Double]

    var isBeingMade = true
    var isMigrating = false
    var isGone = false
    /// Host that counts as its own.
    var host = -1
    /// Newest last; CloudSim keeps 30.
    var history: [Double] = []
    private var historyTime = 0.0
    /// When its use was last looked at, and what it asked for then.
    private var lookedAt = 0.0
    private(set) var requested = 0.0
    var ledger = CloudSimLedger()

    init(mips: Double, ram: Double, trace: [Double]) {
        self.mips = mips
        self.ram = ram
        self.trace = trace
    }

    /// `UtilizationModelPlanetLabInMemory.getUtilization`.
    func use(at time: Double) -> Double {
        if time.truncatingRemainder(dividingBy: 300) == 0 { return trace[Int(time) / 300] }
        let (first, second) = ((time / 300).rounded(.down), (time / 300).rounded(.up))
        let (before, after) = (trace[Int(first)], trace[Int(second)])
        let delta = (after - before) / ((second - first) * 300)
        return before + delta * (time - first * 300)
    }

    /// `PowerVm.updateVmProcessing`.
    mutating func update(_ time: Double) {
        if time != lookedAt {
            lookedAt = time
            requested = use(at: time) * mips
        }
        guard time > historyTime, (time - 0.1).truncatingRemainder(dividingBy: 300) == 0 else {
            return
        }
        history.append(use(at: time))
        if history.count > 30 { history.removeFirst() }
        historyTime = time
    }

    /// What it asks its host for: all it may have while it is being made.
    var demand: Double { isBeingMade ? mips : requested }
}

/// Sums over the state history of one guest or host: the newest entry of a moment replaces those
/// before it.
struct CloudSimLedger {
    private var time = -1.0
    private var allocated = 0.0
    private var requested = 0.0
    private var flag = false
    private var wasActive = true

    private(set) var asked = 0.0
    private(set) var lackedWhileFlagged = 0.0
    private(set) var flaggedTime = 0.0
    private(set) var flaggedTimeInLack = 0.0
    private(set) var endings = 0

    /// The flag: "in migration" of a guest, "active" of a host.
    mutating func add(_ now: Double, allocated: Double, requested: Double, flag: Bool) {
        if time != -1, now != time { close(now) }
        (time, self.allocated, self.requested, self.flag) = (now, allocated, requested, flag)
    }

    private mutating func close(_ now: Double) {
        let span = now - time
        asked += requested * span
        let lacks = allocated < requested
        if flag {
            flaggedTime += span
            if lacks {
                flaggedTimeInLack += span
                lackedWhileFlagged += (requested - allocated) * span
            }
        }
        if wasActive, !flag { endings += 1 }
        wasActive = flag
    }
}

/// A host of CloudSim's power package with its scheduler, `VmSchedulerTimeSharedOverSubscription`.
struct CloudSimHost {
    var mipsOfCore: Double
    /// Watts at 0, 10, … 100 %.
    var watts: [Double]
    var total: Double { 2 * mipsOfCore }

    /// In CloudSim's order, which decides ties.
    var guests: [Int] = []
    var arriving: [Int] = []
    private var leaving: Set<Int> = []
    /// What its scheduler knows: asked for and given, by guest.
    private var shares: [(guest: Int, requested: Double, given: Double)] = []
    private(set) var available: Double
    var memoryFree = 4096.0
    private(set) var used = 0.0
    private(set) var usedBefore = 0.0
    var ledger = CloudSimLedger()

    init(mipsOfCore: Double, watts: [Double]) {
        self.mipsOfCore = mipsOfCore
        self.watts = watts
        available = 2 * mipsOfCore
    }

    // MARK: Power

    var load: Double { Self.share(used, total) }
    var loadBefore: Double { Self.share(usedBefore, total) }
    var power: Double { power(at: load) }

    private static func share(_ used: Double, _ total: Double) -> Double {
        let share = used / total
        return share > 1 && share < 1.01 ? 1 : share
    }

    /// `PowerModelSpecPower.getPower`.
    func power(at load: Double) -> Double {
        if load.truncatingRemainder(dividingBy: 0.1) == 0 { return watts[Int(load * 10)] }
        let (low, high) = (Int((load * 10).rounded(.down)), Int((load * 10).rounded(.up)))
        let delta = (watts[min(10, high)] - watts[min(10, low)]) / 10
        return watts[min(10, low)] + delta * (load - Double(low) / 10) * 100
    }

    // MARK: Scheduler

    func given(_ guest: Int) -> Double {
        shares.first { $0.guest == guest }?.given ?? 0
    }

    mutating func allocate(_ guest: Int, _ demand: Double, isMigrating: Bool) {
        if isMigrating {
            if !arriving.contains(guest) { leaving.insert(guest) }
        } else {
            leaving.remove(guest)
        }
        if let place = shares.firstIndex(where: { $0.guest == guest }) {
            shares[place].requested = demand
            place == shares.count - 1 ? settle(place) : settleAll()
        } else {
            shares.append((guest, demand, 0))
            settle(shares.count - 1)
        }
    }

    mutating func deallocate(_ guest: Int) {
        shares.removeAll { $0.guest == guest }
        settleAll()
    }

    mutating func deallocateAll() {
        shares = []
        available = total
    }

    private mutating func settleAll() {
        available = total
        for place in shares.indices { shares[place].given = 0 }
        for place in shares.indices { settle(place) }
    }

    private mutating func settle(_ place: Int) {
        let guest = shares[place].guest
        let capped = min(shares[place].requested, mipsOfCore)
        let isArriving = arriving.contains(guest)
        let counted = isArriving ? capped * 0.1 : capped
        guard available >= counted else {
            redistribute()
            return
        }
        shares[place].given =
            leaving.contains(guest) ? capped * 0.9 : isArriving ? capped * 0.1 : capped
        available -= counted
    }

    private mutating func redistribute() {
        var needed = 0.0
        for share in shares {
            let capped = min(share.requested, mipsOfCore)
            needed += arriving.contains(share.guest) ? capped * 0.1 : capped
        }
        let factor = total / needed
        for place in shares.indices {
            var mips = min(shares[place].requested, mipsOfCore)
            if leaving.contains(shares[place].guest) {
                mips = mips * factor * 0.9
            } else if arriving.contains(shares[place].guest) {
                mips = mips * 0.1 * factor
            } else {
                mips *= factor
            }
            shares[place].given = mips.rounded(.down)
        }
        available = 0
    }

    // MARK: Time

    /// `HostDynamicWorkload.updateVmsProcessing`.
    mutating func update(_ time: Double, _ machines: inout [CloudSimGuest]) {
        for guest in guests { machines[guest].update(time) }
        usedBefore = used
        used = 0
        var requested = 0.0
        deallocateAll()
        for guest in guests {
            allocate(guest, machines[guest].demand, isMigrating: machines[guest].isMigrating)
        }
        for guest in guests {
            let demand = machines[guest].demand
            var given = given(guest)
            if !arriving.contains(guest) {
                let isMigrating = machines[guest].isMigrating
                machines[guest].ledger.add(
                    time, allocated: given, requested: demand, flag: isMigrating)
                if isMigrating { given /= 0.9 }
            }
            used += given
            requested += demand
        }
        ledger.add(time, allocated: used, requested: requested, flag: used > 0)
    }

    /// What its guests would take if none were on its way: `getUtilizationOfCpuMips`.
    var expected: Double {
        var sum = 0.0
        for share in shares {
            if arriving.contains(share.guest) { sum += share.given * 0.9 / 0.1 }
            sum += share.given
        }
        return sum
    }
}
