package import ClusterModel

/// What hosts and domains do at this moment, from their newest two samples: for people to look at,
/// not for planning.
package struct LiveFigures: Hashable, Sendable, Encodable {
    package var hosts: [HostName: HostFigures] = [:]
    package var domains: [DomainID: DomainFigures] = [:]

    private enum CodingKeys: String, CodingKey { case hosts, domains }

    /// By name and by UUID, as objects: a dictionary with our own key type would become a list.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(
            Dictionary(uniqueKeysWithValues: hosts.map { ($0.key.rawValue, $0.value) }),
            forKey: .hosts)
        try container.encode(
            Dictionary(uniqueKeysWithValues: domains.map { ($0.key.rawValue, $0.value) }),
            forKey: .domains)
    }

    /// Of samples in order of time. A domain's figures are those of the host that it was last
    /// measured on.
    package init(of samples: some Sequence<RawHostSample>, rules: RateRules) {
        var last: [HostName: RawHostSample] = [:]
        var lastCells: [HostName: [Int: (cpu: HostCPUCounters, at: Timestamp)]] = [:]
        for sample in samples {
            var figures = hosts[sample.host] ?? HostFigures()
            figures.update(with: sample, after: last[sample.host], rules: rules)
            for cell in sample.cells {
                guard let cpu = cell.cpu else { continue }
                // Cells are read on a budget: two minutes between two looks are no gap.
                let slow = RateRules(periodMilliseconds: max(60_000, rules.periodMilliseconds))
                if let before = lastCells[sample.host]?[cell.cell] {
                    let interval = slow.judge(from: before.at, to: sample.at)
                    figures.cellBusy[cell.cell] =
                        HostCPURate(from: before.cpu, to: cpu, over: interval).permille
                }
                lastCells[sample.host, default: [:]][cell.cell] = (cpu, sample.at)
            }
            hosts[sample.host] = figures
            if let earlier = last[sample.host] {
                addDomains(of: sample, after: earlier, rules: rules)
            }
            last[sample.host] = sample
        }
    }

    private mutating func addDomains(
        of sample: RawHostSample, after earlier: RawHostSample, rules: RateRules
    ) {
        let interval = rules.judge(from: earlier.at, to: sample.at)
        let before = Dictionary(
            firstOf: earlier.domains.map { ($0.id, $0) })
        for domain in sample.domains {
            guard let earlier = before[domain.id] else { continue }
            let rates = DomainRates(from: earlier, to: domain, over: interval)
            guard rates.cpu.value != nil else { continue }
            domains[domain.id] = DomainFigures(rates, domain)
        }
    }
}

/// What one host does now. Shares are thousandths of all its CPUs.
package struct HostFigures: Hashable, Sendable, Encodable {
    package var busy: Int64?
    package var user: Int64?
    package var system: Int64?
    package var iowait: Int64?
    package var memoryAvailable: Bytes?
    package var pageCache: Bytes?
    /// Pages that same-page merging would have to give back.
    package var ksmPagesSharing: Int64?
    /// Busy share of each NUMA cell, in thousandths of its CPUs.
    package var cellBusy: [Int: Int64] = [:]

    mutating func update(
        with sample: RawHostSample, after earlier: RawHostSample?, rules: RateRules
    ) {
        memoryAvailable = sample.memory?.available
        pageCache = sample.memory?.cached
        ksmPagesSharing = sample.ksm?.pagesSharing
        guard let earlier, let before = earlier.cpu, let now = sample.cpu else { return }
        let interval = rules.judge(from: earlier.at, to: sample.at)
        busy = HostCPURate(from: before, to: now, over: interval).permille
        let grown = (
            user: now.user - before.user, system: now.system - before.system,
            idle: now.idle - before.idle, iowait: max(0, now.iowait - before.iowait)
        )
        let all = grown.user + grown.system + grown.idle + grown.iowait
        guard busy != nil, all > 0 else { return }
        func share(_ part: Int64) -> Int64 { part / 1000 * 1000 / max(1, all / 1000) }
        (user, system, iowait) = (share(grown.user), share(grown.system), share(grown.iowait))
    }
}

/// What one domain does now: thousandths of a CPU, bytes, bytes a second.
package struct DomainFigures: Hashable, Sendable, Encodable {
    package var cpu: Int64?
    package var vcpuWait: Int64?
    /// Ready to run and kept waiting: the sign of contention.
    package var vcpuDelay: Int64?
    package var resident: Bytes?
    /// What the guest itself uses, where its balloon driver tells.
    package var guestUsed: Bytes?
    package var blockRead: Int64?
    package var blockWritten: Int64?
    package var networkReceived: Int64?
    package var networkSent: Int64?
    package var dirtyRate: Bytes?

    init(_ rates: DomainRates, _ sample: RawDomainSample) {
        cpu = rates.cpu.value
        vcpuWait = rates.vcpuWait.value
        vcpuDelay = rates.vcpuDelay.value
        resident = sample.rss
        if let available = sample.guestAvailable, let unused = sample.guestUnused {
            guestUsed = available - unused
        }
        blockRead = rates.blockRead.value
        blockWritten = rates.blockWritten.value
        networkReceived = rates.networkReceived.value
        networkSent = rates.networkSent.value
        dirtyRate = sample.dirtyRate
    }
}
