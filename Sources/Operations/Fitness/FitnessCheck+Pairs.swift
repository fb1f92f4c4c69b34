import ClusterModel
import HypervisorInterface
import PlacementPolicy

/// What was tried out between this host and each other.
extension FitnessCheck {
    func pairFindings(_ inventory: HostInventory) -> [Finding] {
        guard let probes else { return [] }
        let targets = others.map(\.host).filter { $0 != inventory.host }
        guard !targets.isEmpty else { return [] }
        let shell = probes.shells[inventory.host]
        return daemons(inventory.host, targets, probes) + ports(targets, shell)
            + clock(inventory.host, probes) + locks(inventory.host, probes)
            + certificates(inventory.host, shell) + daemon(shell)
            + marks(inventory, probes)
    }

    /// Peer-to-peer: can the daemon here open the others' with its own credentials?
    private func daemons(
        _ host: HostName, _ targets: [HostName], _ probes: FitnessProbes
    ) -> [Finding] {
        var good: [HostName] = []
        var findings: [Finding] = []
        for target in targets {
            switch probes.daemons[FitnessProbes.Pair(from: host, to: target)] {
            case .reached: good.append(target)
            case .refused(let reason):
                findings.append(
                    Finding(
                        item: "libvirtd to \(target)", grade: .warning, detail: reason,
                        remedy:
                            "let this host's root log in there (ssh key, known_hosts) or give it "
                            + "certificates; until then kvmbalance drives migrations "
                            + "and they end with it (--managed)"))
            case .unproven(let reason):
                findings.append(
                    Finding(
                        item: "libvirtd to \(target)", grade: .ok,
                        detail: "not proven: \(reason)"))
            case nil: continue
            }
        }
        guard !good.isEmpty else { return findings }
        return [
            Finding(
                item: "libvirtd to others", grade: .ok,
                detail: "opened on \(list(good)), as peer-to-peer migrations do")
        ] + findings
    }

    private func ports(_ targets: [HostName], _ shell: ShellFacts?) -> [Finding] {
        guard let shell else { return [] }
        if let silence = shell.silence {
            return [
                Finding(
                    item: "migration ports", grade: .ok,
                    detail: "clock, ports, locks and certificates \(silence)")
            ]
        }
        let open = targets.filter { shell.ports[$0] == .open }
        var findings = targets.compactMap { target -> Finding? in
            switch shell.ports[target] {
            case .open, nil: return nil
            case .closed(let reason):
                return Finding(
                    item: "migration port of \(target)", grade: .failure,
                    detail: "\(address(of: target)):\(ShellFacts.port): \(reason)",
                    remedy:
                        "open 49152 to 49215/tcp there for this host, or give the address of its "
                        + "migration network (migrationAddress)")
            case .unproven(let reason):
                return Finding(
                    item: "migration port of \(target)", grade: .ok,
                    detail: "not proven: \(reason)")
            }
        }
        if !open.isEmpty {
            findings.insert(
                Finding(
                    item: "migration ports", grade: .ok,
                    detail: open.map { "\(address(of: $0)) (\($0))" }.joined(separator: ", ")
                        + ": no firewall in the way"), at: 0)
        }
        return findings
    }

    /// Between two hosts, since libvirt compares their times for what a move took.
    private func clock(_ host: HostName, _ probes: FitnessProbes) -> [Finding] {
        guard let own = probes.shells[host]?.clock else { return [] }
        let off = probes.shells.compactMap { other, shell -> (HostName, Int64)? in
            guard other != host, let clock = shell.clock else { return nil }
            let difference = abs(own.ahead - clock.ahead) - own.error - clock.error
            return difference > Self.tolerableMilliseconds ? (other, difference) : nil
        }.sorted { $0.0 < $1.0 }
        guard let worst = off.map(\.1).max() else {
            return [
                Finding(
                    item: "clock", grade: .ok,
                    detail: "within \(own.error + Self.tolerableMilliseconds) ms of the others")
            ]
        }
        return [
            Finding(
                item: "clock", grade: .warning,
                detail:
                    "differs from \(list(off.map(\.0))) by \(worst) ms or more: guests see time "
                    + "jump, and reported downtimes are wrong",
                remedy: "run chrony or systemd-timesyncd on all hosts")
        ]
    }

    private static let tolerableMilliseconds: Int64 = 500

    /// Where a pool cannot tell what it is, a file that was left there can.
    private func marks(_ inventory: HostInventory, _ probes: FitnessProbes) -> [Finding] {
        let own = probes.pools.filter {
            $0.pair.from == inventory.host || $0.pair.to == inventory.host
        }
        return Dictionary(grouping: own, by: \.title).sorted { $0.key < $1.key }.flatMap {
            title, found -> [Finding] in
            let other = { (probe: FitnessProbes.PoolProbe) in
                probe.pair.from == inventory.host ? probe.pair.to : probe.pair.from
            }
            let same = found.filter { $0.isSame == true }.map(other)
            let apart = found.filter { $0.isSame == false }.map(other)
            var findings: [Finding] = found.compactMap { probe in
                probe.reason.map {
                    Finding(item: title, grade: .warning, detail: "not proven: \($0)")
                }
            }
            if !same.isEmpty {
                findings.append(
                    Finding(
                        item: title, grade: .ok,
                        detail: "the test file is seen on \(list(same)): the same storage, which "
                            + "plans go by for "
                            + "\(ProvenStorage.goodForMilliseconds / 86_400_000) days"))
            }
            let isClaimed = found.contains { isSaidToBeShared($0, inventory) }
            if !apart.isEmpty { findings.append(separate(title, apart, isClaimed)) }
            return findings
        }
    }

    private func separate(_ title: String, _ hosts: [HostName], _ isClaimed: Bool) -> Finding {
        Finding(
            item: title, grade: isClaimed ? .failure : .ok,
            detail: "the test file is not seen on \(list(hosts)): "
                + (isClaimed
                    ? "not the same storage, although declared so" : "each has its own storage"),
            remedy: isClaimed
                ? "mount the same storage on both (is it mounted? findmnt), then check again: "
                    + "until then no guest is sent from one to the other"
                : nil)
    }

    /// By libvirt's pool or by the operator.
    private func isSaidToBeShared(
        _ probe: FitnessProbes.PoolProbe, _ inventory: HostInventory
    ) -> Bool {
        inventory.facts.pools.contains { $0.name == probe.pool && $0.identity != nil }
            || policy.sharedStorage.contains { shared in
                shared.covers(path: probe.folder) && shared.covers(host: probe.pair.from)
                    && shared.covers(host: probe.pair.to)
            }
    }

    func list(_ hosts: [HostName]) -> String {
        hosts.map(\.rawValue).joined(separator: ", ")
    }

    private func address(of host: HostName) -> String {
        let found = fleet.hosts.first { $0.name == host }
        return found.map { NetworkAddress.inURI($0.migrationAddress ?? $0.address) }
            ?? host.rawValue
    }
}
