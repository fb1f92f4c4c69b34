package import ClusterModel

/// What others than domains use of a host: the caches of its file systems that do not shrink (ZFS),
/// storage daemons, programs. A plan that counts on it is refused at its step, or makes a host
/// swap.
extension Policy {
    /// The same world with `usedByOthers` of each host, where its load was measured. Applied again
    /// it changes nothing: what moves in a plan has its own load with it, and nobody else's.
    package func measured(_ snapshot: ClusterSnapshot) -> ClusterSnapshot {
        func isOpen(_ host: Host) -> Bool {
            host.usedByOthers == nil && host.isReachable
                && host.reserve?.countsOthers ?? reserve.countsOthers ?? true
        }
        guard snapshot.hosts.contains(where: { $0.load != nil && isOpen($0) }) else {
            return snapshot
        }
        let domains = Dictionary(
            grouping: snapshot.domains.filter { $0.facts.state.isActive }, by: \.host)
        let hosts = snapshot.hosts.map { host in
            var host = host
            guard let load = host.load, isOpen(host) else { return host }
            let own = domains[host.name] ?? []
            host.usedByOthers = Reserve(
                memory: load.memoryAvailable.flatMap { memory(ofOthersThan: own, on: host, $0) },
                cpu: load.cpuOfOthers
                    ?? load.cpu.map { cpu(ofOthersThan: own, $0, snapshot.demandSlots) })
            return host
        }
        return ClusterSnapshot(
            snapshot, hosts: hosts, domains: snapshot.domains, inFlight: snapshot.inFlight)
    }

    /// All that is neither available, nor set aside in huge pages, nor held by domains. What a
    /// domain holds and was not measured counts in full: this figure is the least that others can
    /// have.
    private func memory(
        ofOthersThan domains: [Domain], on host: Host, _ available: Bytes
    ) -> Bytes? {
        guard let facts = host.facts else { return nil }
        let held = domains.reduce(Int64(0)) { sum, domain in
            let most = memoryDemand(of: domain.facts).count
            return sum + min(most, domain.resident?.count ?? most)
        }
        // Merged pages are in the size of each process that has them, and in memory once.
        let own = max(0, held - (facts.ksm?.saved.count ?? 0))
        return max(.zero, facts.memory - facts.setAside - max(.zero, available) - Bytes(own))
    }

    /// Of a load that was measured without telling whose it is: what its domains do not account for
    /// in their fullest slot.
    private func cpu(ofOthersThan domains: [Domain], _ load: MilliCPU, _ slots: Int) -> MilliCPU {
        var sums = Array(repeating: Int64(0), count: max(1, slots))
        for domain in domains {
            let demand = cpuDemand(of: domain, slots: sums.count)
            for slot in sums.indices { sums[slot] += demand[slot].count }
        }
        return max(.zero, load - MilliCPU(sums.max() ?? 0))
    }

    /// Whose guest this is, where it is left alone for that.
    package func manager(of facts: DomainFacts) -> GuestManager? {
        managed.name(facts) ? nil : facts.manager
    }
}

extension HostFacts {
    /// Memory in huge pages, whoever has them.
    var setAside: Bytes {
        Bytes(
            cells.reduce(Int64(0)) { sum, cell in
                cell.hugePages.reduce(sum) {
                    $0 + ($1.isHuge ? $1.total * $1.pageSize.count : 0)
                }
            })
    }
}
