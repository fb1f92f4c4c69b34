import ClusterModel
import HypervisorInterface
import PlacementPolicy

/// What hosts share their guests, their networks and their resources with.
extension FitnessCheck {
    func neighbourFindings(_ inventory: HostInventory) -> [Finding] {
        networkKinds(inventory) + portgroups(inventory) + filters(inventory)
            + missingBridges(inventory) + managers(inventory) + definitions(inventory)
            + others(on: inventory)
    }

    /// Networks of its guests that are another one on each host.
    private func networkKinds(_ inventory: HostInventory) -> [Finding] {
        let used = Set(inventory.domains.flatMap(\.interfaces).compactMap(\.network))
        let own = (inventory.facts.networkDetails ?? []).filter { used.contains($0.name) }
        var findings: [Finding] = []
        let alone = own.filter(\.isOfItsHost)
        if !alone.isEmpty {
            findings.append(
                Finding(
                    item: "networks", grade: .warning,
                    detail: alone.map { "'\($0.name)' is \($0.kind)" }.joined(separator: ", ")
                        + ", one of its own on each host: a guest that moves keeps its address but "
                        + "loses its connections, its port forwards and its neighbours",
                    remedy: "put guests that move on a bridge, or on a network with <forward "
                        + "mode='bridge'/>"))
        }
        for network in own where !network.isOfItsHost {
            let different = others.filter { other in
                other.facts.networkDetails?.contains {
                    $0.name == network.name && $0.isOfItsHost
                } == true
            }
            guard !different.isEmpty else { continue }
            findings.append(
                Finding(
                    item: "networks", grade: .warning,
                    detail: "'\(network.name)' is \(network.kind) here, and one of its own on "
                        + names(different),
                    remedy: "give the network the same mode on all hosts (virsh net-edit "
                        + "\(network.name))"))
        }
        return findings
    }

    private func portgroups(_ inventory: HostInventory) -> [Finding] {
        let lacking = others.filter { $0.host != inventory.host }.flatMap { other in
            let wanted = Set(
                other.domains.flatMap(\.portgroups).flatMap { name, groups in
                    groups.map { [name, $0] }
                })
            return wanted.filter { pair in
                let here = inventory.facts.networkDetails?.first { $0.name == pair[0] }
                return here.map { network in
                    network.portgroups?.contains { $0.name == pair[1] } != true
                } ?? false
            }
        }
        guard !lacking.isEmpty else { return [] }
        let texts = Set(lacking).map { "'\($0[1])' of network '\($0[0])'" }.sorted()
        return [
            Finding(
                item: "portgroups", grade: .warning,
                detail: "lacks portgroups that guests of other hosts use: "
                    + texts.joined(separator: ", "),
                remedy: "add them here: virsh net-update NETWORK add portgroup \"<portgroup "
                    + "name='…'>…</portgroup>\" --live --config")
        ]
    }

    private func filters(_ inventory: HostInventory) -> [Finding] {
        guard let have = inventory.facts.networkFilters else { return [] }
        let used = others.flatMap(\.domains).flatMap(\.interfaces).compactMap(\.filter)
        let missing = Set(used).subtracting(have).sorted()
        guard !missing.isEmpty else { return [] }
        return [
            Finding(
                item: "network filters", grade: .warning,
                detail: "lacks filters that guests of other hosts use: "
                    + missing.joined(separator: ", "),
                remedy:
                    "define them here (virsh nwfilter-dumpxml there, virsh nwfilter-define here)"
            )
        ]
    }

    private func missingBridges(_ inventory: HostInventory) -> [Finding] {
        guard let devices = inventory.facts.networkDevices else { return [] }
        let missing = (inventory.facts.networkDetails ?? []).filter { network in
            network.forward == "bridge" && network.bridge.map { !devices.contains($0) } == true
        }
        return missing.map {
            Finding(
                item: "networks", grade: .warning,
                detail: "network '\($0.name)' is active on bridge '\($0.bridge ?? "")', which does "
                    + "not exist: guests on it cannot come here",
                remedy: "create bridge '\($0.bridge ?? "")'")
        }
    }

    private func managers(_ inventory: HostInventory) -> [Finding] {
        let owned = Dictionary(
            grouping: inventory.domains.filter { $0.manager != nil }, by: { $0.manager?.name ?? "" }
        )
        return owned.sorted { $0.key < $1.key }.map { manager, domains in
            let names = domains.prefix(3).map(\.name).joined(separator: ", ")
            let rest = domains.count > 3 ? "…" : ""
            let signs = domains.first?.manager?.sign ?? ""
            return Finding(
                item: "other managers", grade: .warning,
                detail: "\(Format.plural(domains.count, "guest")) (\(names)\(rest)) "
                    + "\(domains.count == 1 ? "belongs" : "belong") to \(manager) (\(signs)): "
                    + "left alone, and a drain is refused for them",
                remedy: "move them with \(manager), or name them under 'managed' in the policy")
        }
    }

    /// Left behind by a migration that kept the source's definition.
    private func definitions(_ inventory: HostInventory) -> [Finding] {
        let elsewhere = others.filter { $0.host != inventory.host }
        let stale = inventory.domains.filter { !$0.state.isActive }.compactMap { domain in
            elsewhere.first { other in
                other.domains.contains { $0.id == domain.id && $0.state.isActive }
            }.map { (domain, $0.host) }
        }
        return stale.map { domain, host in
            Finding(
                item: "definitions", grade: .warning,
                detail:
                    "\(domain.name) runs on \(host) and is defined here too: it can be started a "
                    + "second time" + (domain.autostart ? ", and is with this host" : ""),
                remedy: "if \(host) has the right one: virsh undefine \(domain.id) here")
        }
    }

    /// What is neither available nor held by guests, with what they were given taken as held.
    private func others(on inventory: HostInventory) -> [Finding] {
        let facts = inventory.facts
        guard let available = facts.memoryAvailable else { return [] }
        var host = ClusterModel.Host(name: inventory.host, facts: facts)
        host.load = HostLoad(memoryAvailable: available)
        let domains = inventory.domains.map {
            Domain(facts: $0, host: inventory.host, demand: .unknown)
        }
        let policy = Policy.default
        let seen = policy.measured(
            ClusterSnapshot(observedAt: inventory.at, hosts: [host], domains: domains))
        let own = fleet.hosts.first { $0.name == inventory.host }?.reserve?.memory
        let kept = own ?? policy.reserve.memory ?? .zero
        guard let used = seen.hosts.first?.usedByOthers?.memory, used > kept else { return [] }
        let gibibytes = (used.count + (1 << 30) - 1) >> 30
        return [
            Finding(
                item: "memory of others", grade: .warning,
                detail: "\(used) is in use beside the guests (caches that do not shrink, storage "
                    + "daemons, programs), where \(kept) is kept for the host: plans count on what "
                    + "is left while it is measured",
                remedy:
                    "keep it for the host in kvmbalance.yaml: reserve: {memory: \(gibibytes)GiB}")
        ]
    }
}
