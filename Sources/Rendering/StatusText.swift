package import ClusterModel
package import Execution
package import Operations
package import Telemetry

/// The cluster snapshot as people read it: hosts with bars, NUMA cells, domains under them.
package struct StatusText {
    let snapshot: ClusterSnapshot
    let live: LiveFigures
    let only: HostName?
    let now: Timestamp
    /// Lines are broken to fit; nil leaves them as long as they are.
    var width: Int?
    /// The flags of commands that are shown.
    var flags = CommandFlags()
    /// The rolling reboot that is not over.
    var reboot: RebootReport?
    /// Guests that a run stopped where they are.
    var stopped: [DomainID: RunID] = [:]

    package init(
        snapshot: ClusterSnapshot, live: LiveFigures, only: HostName?, now: Timestamp,
        width: Int? = nil, flags: CommandFlags = CommandFlags(), reboot: RebootReport? = nil,
        stopped: [DomainID: RunID] = [:]
    ) {
        self.stopped = stopped
        self.reboot = reboot
        self.snapshot = snapshot
        self.live = live
        self.only = only
        self.now = now
        self.width = width
        self.flags = flags
    }

    package var text: String {
        let hosts = snapshot.hosts.filter { only == nil || $0.name == only }
            .inNaturalOrder { $0.name.rawValue }
        var parts = hosts.map(section)
        if let reboot { parts.insert(headline(reboot), at: 0) }
        if !snapshot.inFlight.isEmpty { parts.append(migrations) }
        return parts.joined(separator: "\n\n")
    }

    private func section(_ host: Host) -> String {
        var lines = [headline(host)]
        if let fault = host.fault {
            lines.append(
                Format.wrapped(
                    "  unreachable: \(fault); see: kvmbalance hosts check "
                        + host.name.rawValue.quotedForShell + flags.config, indent: 4,
                    width: width))
        }
        lines += cells(host)
        let domains = snapshot.domains(on: host.name).inNaturalOrder(of: \.name)
        if domains.isEmpty {
            lines.append("  no domains")
        } else {
            lines.append(table(of: domains))
        }
        return lines.joined(separator: "\n")
    }

    private func headline(_ reboot: RebootReport) -> String {
        let state = reboot.killed == true ? "killed" : reboot.state
        return Format.wrapped(
            "Rolling reboot (run \(reboot.run), \(state)): \(reboot.line); see: kvmbalance runs "
                + "show \(reboot.run)\(flags.config)", indent: 2, width: width)
    }

    private func headline(_ host: Host) -> String {
        var words = ["\(host.name)\(host.inMaintenance ? " (maintenance)" : "")"]
        if let facts = host.facts {
            let capacity = Double(max(1, facts.cpu.logicalCPUs)) * 1000
            let cpu = host.load?.cpu.map { Double($0.count) / capacity }
            words.append("CPU \(Format.bar(cpu ?? 0)) \(Format.percent(cpu))")
            let memory = host.load?.memoryAvailable.map {
                1 - Double($0.count) / Double(max(1, facts.memory.count))
            }
            words.append("memory \(Format.bar(memory ?? 0)) \(Format.percent(memory))")
            let given = snapshot.domains(on: host.name)
                .filter { $0.facts.state.isActive }.reduce(Bytes.zero) { $0 + $1.facts.memory }
            words.append("allocated \(given) of \(facts.memory)")
            words += now(of: host)
        }
        words.append("read \(Format.age(of: host.observedAt, at: now))")
        words = words.map(Format.oneLine)
        let line = words.joined(separator: "  ")
        guard let width, line.count > width, words.count > 3 else { return line }
        return words[..<3].joined(separator: "  ") + "\n  " + words[3...].joined(separator: "  ")
    }

    /// What only matters when there is any.
    private func now(of host: Host) -> [String] {
        guard let figures = live.hosts[host.name] else { return [] }
        var words: [String] = []
        if let busy = figures.busy { words.append("now \(Format.percent(Double(busy) / 1000))") }
        if let iowait = figures.iowait, iowait >= 10 {
            words.append("waiting for disks \(Format.percent(Double(iowait) / 1000))")
        }
        if let pages = figures.ksmPagesSharing, pages > 0 {
            let ksm = KSMCounters(pagesShared: 0, pagesSharing: pages)
            words.append("KSM saves \(ksm.saved)")
        }
        return words
    }

    private func cells(_ host: Host) -> [String] {
        guard let cells = host.facts?.cells,
            cells.count > 1 || cells.contains(where: { $0.hugePages.contains { $0.total > 0 } })
        else { return [] }
        let figures = live.hosts[host.name]
        return cells.map { cell in
            let busy = figures?.cellBusy[cell.id].map { Double($0) / 1000 }
            let used = cell.free.map {
                1 - Double($0.count) / Double(max(1, cell.memory.count))
            }
            let pages = cell.hugePages.filter { $0.total > 0 }.map {
                "  \($0.free) of \($0.total) huge pages of \($0.pageSize) free"
            }
            return
                "  cell \(cell.id)  CPU \(Format.bar(busy ?? 0)) \(Format.percent(busy))  "
                + "memory \(Format.bar(used ?? 0)) \(Format.percent(used))"
                + "  \(cell.cpus.count) CPUs\(pages.joined())"
        }
    }

    private func table(of domains: [Domain]) -> String {
        // On narrow terminals what planning uses; the rest is for a wide one, or a pipe.
        guard width.map({ $0 >= Self.wide }) ?? true, !live.domains.isEmpty else {
            var table = Table("  DOMAIN", "STATE", ">vCPUs", ">CPU", ">MEMORY", "NOTES")
            for domain in domains {
                table.add(
                    "  \(domain.name)", domain.facts.state.rawValue, "\(domain.facts.vcpus)",
                    domain.demand.peak.map(\.description) ?? "?",
                    domain.facts.memory.description, notes(domain))
            }
            return table.text
        }
        var table = Table(
            "  DOMAIN", "STATE", ">vCPUs", ">CPU", ">NOW", ">DELAY", ">MEMORY", ">RESIDENT",
            ">DISK/s", ">NET/s", ">DIRTY/s", "NOTES")
        for domain in domains {
            let now = live.domains[domain.id]
            table.add(
                "  \(domain.name)", domain.facts.state.rawValue, "\(domain.facts.vcpus)",
                domain.demand.peak.map(\.description) ?? "?", cpu(now?.cpu), cpu(now?.vcpuDelay),
                domain.facts.memory.description, bytes(now?.resident?.count),
                bytes(sum(now?.blockRead, now?.blockWritten)),
                bytes(sum(now?.networkReceived, now?.networkSent)), bytes(now?.dirtyRate?.count),
                notes(domain))
        }
        return table.text
    }

    /// Columns from which the wide table is shown.
    private static let wide = 110

    private func cpu(_ count: Int64?) -> String { count.map { MilliCPU($0).description } ?? "?" }
    private func bytes(_ count: Int64?) -> String { count.map { Bytes($0).description } ?? "?" }
    private func sum(_ first: Int64?, _ second: Int64?) -> Int64? {
        first.flatMap { first in
            second.map { Plausible.sum([Bytes(first), Bytes($0)]).count }
        }
    }

    private func notes(_ domain: Domain) -> String {
        var notes: [String] = []
        if !domain.facts.isPersistent { notes.append("transient") }
        if domain.facts.autostart { notes.append("autostart") }
        if domain.facts.isPinned { notes.append("pinned") }
        if domain.facts.isExcluded { notes.append("excluded") }
        if let run = stopped[domain.id], !domain.facts.state.isActive {
            let what = domain.facts.hasManagedSave ? "saved" : "shut down"
            notes.append("\(what) by run \(run): kvmbalance return \(domain.host)")
        }
        notes += domain.facts.blockers.map { "cannot move: \($0.reason.rawValue)" }
        return notes.joined(separator: ", ")
    }

    private var migrations: String {
        let lines = snapshot.inFlight.map { migration in
            let name = snapshot.domain(migration.domain)?.name ?? migration.domain.rawValue
            return Format.oneLine(
                "  \(name): \(migration.source) -> \(migration.target?.rawValue ?? "?")")
        }
        return "Running migrations:\n" + lines.joined(separator: "\n")
    }
}
