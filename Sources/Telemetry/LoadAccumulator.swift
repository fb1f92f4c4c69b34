package import ClusterModel

/// The part of a domain's sample that demand is made of. Domains and hosts are small numbers here,
/// given by whoever feeds: an hour of 4,000 domains is 1.4 million of these.
package struct DomainReading: Sendable {
    package var domain: Int
    package var host: Int
    package var at: Timestamp
    package var cpuTime: Int64?
    package var vcpus: Int?
    package var vcpuDelay: Int64?
    package var dirtyRate: Bytes?

    package init(
        domain: Int, host: Int, at: Timestamp, cpuTime: Int64?, vcpus: Int?,
        vcpuDelay: Int64? = nil, dirtyRate: Bytes? = nil
    ) {
        self.domain = domain
        self.host = host
        self.at = at
        self.cpuTime = cpuTime
        self.vcpus = vcpus
        self.vcpuDelay = vcpuDelay
        self.dirtyRate = dirtyRate
    }
}

/// Turns readings that come in order of time into demand, in one pass and with memory for one slot.
/// The readings of a host come before those of its domains.
///
/// On a host that was full, what a domain wanted is more than what it was given: the time that its
/// virtual CPUs were ready and had to wait counts too. Elsewhere such waiting is but the cost of
/// switching.
///
/// O(n log s) for n readings, s of them in a slot.
package struct LoadAccumulator: Sendable {
    private let window: SampleWindow
    private let rules: RateRules
    private var domains: [DomainTrack] = []
    /// Where the track of a domain's number is: -1 for numbers that are not in the window, of which
    /// a database that has seen millions of domains has many.
    private var tracks: [Int32] = []
    private var hosts: [HostTrack] = []

    package init(window: SampleWindow, rules: RateRules) {
        self.window = window
        self.rules = rules
    }

    package mutating func add(_ reading: DomainReading) {
        let track = track(of: reading.domain)
        let wasFull =
            reading.host < hosts.count && hosts[reading.host].fullMoments.contains(reading.at)
        let used = domains[track].add(
            reading, wasStarved: wasFull, window: window, rules: rules)
        if reading.host < hosts.count { hosts[reading.host].shared.domains += used }
    }

    package mutating func add(
        host: Int, at time: Timestamp, cpu: HostCPUCounters?, available: Bytes?
    ) {
        while hosts.count <= host { hosts.append(HostTrack(slots: window.slots)) }
        hosts[host].add(at: time, cpu: cpu, available: available, window: window, rules: rules)
    }

    /// What a tier keeps of a stretch whose raw samples are gone. Rows must come before raw
    /// samples.
    package mutating func add(domain: Int, until end: Timestamp, cpu: Summary, samples: Int) {
        domains[track(of: domain)].add(cpu, at: end, in: window, samples)
    }

    private mutating func track(of domain: Int) -> Int {
        while tracks.count <= domain { tracks.append(-1) }
        if tracks[domain] >= 0 { return Int(tracks[domain]) }
        tracks[domain] = Int32(domains.count)
        domains.append(DomainTrack(slots: window.slots))
        return domains.count - 1
    }

    /// The numbers of all domains that were fed, in order.
    package var numbersOfDomains: [Int] { tracks.indices.filter { tracks[$0] >= 0 } }

    package mutating func add(host: Int, until end: Timestamp, busy: Summary) {
        while hosts.count <= host { hosts.append(HostTrack(slots: window.slots)) }
        hosts[host].add(busy.value(in: window), at: end, in: window)
    }

    /// The result, with the numbers turned into names again. Numbers without a name are left out,
    /// names without a sample too: what was never sampled is unknown.
    package consuming func finish(
        domains domainNumbers: [DomainID: Int], hosts hostNumbers: [HostName: Int]
    ) -> MeasuredLoad {
        var load = MeasuredLoad(window: window)
        var foresight = Foresight(endingAt: window.end)
        for (id, number) in domainNumbers where number < tracks.count && tracks[number] >= 0 {
            let track = Int(tracks[number])
            load.domains[id] = domains[track].demand(window, &foresight)
            load.singleDirtyRates[id] = domains[track].dirtyRate
        }
        load.correlation = foresight.correlation
        for (name, number) in hostNumbers where number < hosts.count {
            load.hosts[name] = hosts[number].use(window)
        }
        return load
    }
}

/// One domain on its way through the window.
private struct DomainTrack {
    /// The last reading on each host: while a domain migrates both ends report it, and counters of
    /// two processes must not be subtracted from each other. Almost always one entry.
    private var last: [DomainReading] = []
    private var values: SlotValues
    /// In place of `values` where demand is foreseen.
    private var hours = HourlyUse()
    private(set) var dirtyRate: Bytes?

    init(slots: Int) { values = SlotValues(slots: slots) }

    /// The CPU time that it used since its last reading on this host, in thousandths of a CPU times
    /// milliseconds; 0 where that is not known.
    mutating func add(
        _ reading: DomainReading, wasStarved: Bool, window: SampleWindow, rules: RateRules
    ) -> Int64 {
        dirtyRate = reading.dirtyRate ?? dirtyRate
        guard let index = last.firstIndex(where: { $0.host == reading.host }) else {
            last.append(reading)
            return 0
        }
        let earlier = last[index]
        last[index] = reading
        let vcpus = reading.vcpus ?? earlier.vcpus
        let interval = rules.judge(from: earlier.at, to: reading.at)
        let rate = CounterRate.cpu(
            from: earlier.cpuTime, to: reading.cpuTime, over: interval,
            limit: vcpus.map(RateRules.plausibleCPU))
        guard var value = rate.value, case .usable(let milliseconds) = interval else { return 0 }
        let used = window.slot(of: reading.at) != nil ? value * milliseconds : 0
        if wasStarved, let vcpus {
            let delay = CounterRate.cpu(
                from: earlier.vcpuDelay, to: reading.vcpuDelay, over: interval,
                limit: RateRules.plausibleCPU(vcpus: vcpus))
            // Of its virtual CPUs none can want more than a whole one.
            value = max(
                value,
                min(
                    value + (delay.value ?? 0), Int64(min(vcpus, RateRules.mostVCPUs)) * 1000))
        }
        if window.isForeseen {
            if window.slot(of: reading.at) != nil { hours.add(value, at: reading.at) }
        } else {
            values.add(value, at: reading.at, in: window)
        }
        return used
    }

    mutating func add(_ cpu: Summary, at end: Timestamp, in window: SampleWindow, _ samples: Int) {
        if window.isForeseen {
            hours.add(cpu, until: end, samples: samples)
        } else {
            values.add(cpu.value(in: window), at: end, in: window, samples: samples)
        }
    }

    mutating func demand(_ window: SampleWindow, _ foresight: inout Foresight) -> Demand {
        guard window.isForeseen else { return values.demand(window) }
        return foresight.demand(of: hours.hours(), newest: hours.newest)
    }
}

/// One host on its way through the window.
private struct HostTrack {
    private var last: (at: Timestamp, cpu: HostCPUCounters)?
    private var values: SlotValues
    private var memory: Bytes?
    private var newest: Timestamp?
    var shared = HostUse.SharedTime()
    /// When it had hardly a CPU to spare since the sample before.
    private(set) var fullMoments: Set<Timestamp> = []

    init(slots: Int) { values = SlotValues(slots: slots) }

    mutating func add(
        at time: Timestamp, cpu: HostCPUCounters?, available: Bytes?, window: SampleWindow,
        rules: RateRules
    ) {
        newest = time
        memory = available ?? memory
        guard let cpu else { return }
        defer { last = (time, cpu) }
        guard let last else { return }
        let interval = rules.judge(from: last.at, to: time)
        let rate = HostCPURate(from: last.cpu, to: cpu, over: interval)
        guard let permille = rate.permille else { return }
        values.add(permille, at: time, in: window)
        if window.slot(of: time) != nil, case .usable(let milliseconds) = interval {
            shared.measured += milliseconds
            shared.busy += permille * milliseconds
        }
        if permille >= RateRules.fullHost { fullMoments.insert(time) }
    }

    mutating func add(_ busy: Int64, at end: Timestamp, in window: SampleWindow) {
        values.add(busy, at: end, in: window)
    }

    mutating func use(_ window: SampleWindow) -> HostUse {
        var use = HostUse(
            busyPermille: values.finish(window)?.max(), memoryAvailable: memory,
            newestSample: newest)
        use.shared = shared
        return use
    }
}
