import ClusterModel
import HypervisorInterface
import PlacementPolicy
import Planning

/// Storage and what comes with it: pools, secrets, the user that opens files, and which guests
/// cannot leave for them.
extension FitnessCheck {
    func storageFindings(_ inventory: HostInventory) -> [Finding] {
        [storage(inventory)] + inactivePools(inventory) + secrets(inventory) + owner(inventory)
            + devices(inventory) + guests(inventory)
    }

    private func storage(_ inventory: HostInventory) -> Finding {
        let strangers = others.filter { $0.host != inventory.host }
        let shared = inventory.facts.pools.filter { pool in
            guard let identity = pool.identity else { return false }
            return strangers.flatMap(\.facts.pools).contains { other in
                other.identity.map { StorageIdentity.relation(identity, $0) == .same } ?? false
            }
        }
        let declared = fleet.sharedStorage.filter { $0.covers(host: inventory.host) }
        let own = host(inventory).provenIdentities
        let proven = own.filter { path, identity in
            strangers.contains { host($0).provenIdentity(of: path) == identity }
        }.keys.sorted().filter { path in
            !shared.contains { $0.targetPath == path } && !declared.contains { $0.path == path }
        }
        guard shared.isEmpty, declared.isEmpty, proven.isEmpty else {
            let words =
                shared.map { "\($0.name) (\($0.identity ?? ""))" }
                + declared.map { "\($0.path) (declared)" }
                + proven.map { path in
                    let at = host(inventory).provenStorage?.first { $0.path == path }?.at
                    return "\(path) (proven\(at.map { " \($0)" } ?? ""))"
                }
            return Finding(
                item: "shared storage", grade: .ok, detail: words.joined(separator: ", "))
        }
        return Finding(
            item: "shared storage", grade: .warning,
            detail: "no pool or folder here is known to be shared with another host: guests with "
                + "disks cannot leave",
            remedy:
                "define a netfs, rbd, iscsi or gluster pool on both hosts, or mount the same "
                + "storage at the same path on both and check again")
    }

    /// As plans see it.
    private func host(_ inventory: HostInventory) -> ClusterModel.Host {
        var host = ClusterModel.Host(
            name: inventory.host, facts: inventory.facts, observedAt: inventory.at)
        host.provenStorage = proofs.storage(of: inventory.host, inventory.facts.uuid)
        return host
    }

    /// One that others have, or that a guest here names.
    private func inactivePools(_ inventory: HostInventory) -> [Finding] {
        let used = Set(
            others.filter { $0.host != inventory.host }.flatMap(\.facts.pools).map(\.name)
                + inventory.domains.flatMap(\.disks).compactMap { disk in
                    if case .volume(let pool, _) = disk.source { pool } else { nil }
                })
        return (inventory.facts.inactivePools ?? []).filter { used.contains($0.name) }.map { pool in
            let name = pool.name.quotedForShell
            return Finding(
                item: "pool \(pool.name)", grade: .warning,
                detail: "defined and not active: guests in it can neither come nor leave",
                remedy: "virsh pool-start \(name) (and virsh pool-autostart \(name))")
        }
    }

    private func secrets(_ inventory: HostInventory) -> [Finding] {
        var users: [String: [String]] = [:]
        for other in others where other.host != inventory.host {
            for domain in other.domains {
                for need in inventory.facts.missing(domain.secrets ?? []) {
                    users[need.text, default: []].append(domain.name)
                }
            }
        }
        return users.sorted { $0.key < $1.key }.map { secret, names in
            Finding(
                item: "secrets", grade: .warning,
                detail: "secret \(secret) is not defined here: "
                    + "\(Format.plural(names.count, "guest")) of other hosts "
                    + "(\(names.sorted().prefix(3).joined(separator: ", "))) cannot come",
                remedy: "virsh secret-define and secret-set-value, with the same UUID and value")
        }
    }

    /// Files keep the owner's number wherever they are seen.
    private func owner(_ inventory: HostInventory) -> [Finding] {
        guard let own = inventory.facts.qemuOwner else { return [] }
        let different = others.filter { $0.facts.qemuOwner.map { $0 != own } ?? false }
        guard !different.isEmpty else { return [] }
        return [
            Finding(
                item: "QEMU's user", grade: .warning,
                detail: "QEMU runs as \(own) (user and group) here, and otherwise on "
                    + "\(names(different)): files on shared storage may not open there",
                remedy: "give the user and the group of /etc/libvirt/qemu.conf the same numbers on "
                    + "all hosts (usermod -u, groupmod -g)")
        ]
    }

    /// Devices of guests that are declared shared, and not there.
    private func devices(_ inventory: HostInventory) -> [Finding] {
        let sights = probes?.deviceSights[inventory.host] ?? [:]
        return sights.filter { path, sight in
            sight == .absent
                && policy.sharedStorage.contains {
                    $0.covers(path: path) && $0.covers(host: inventory.host)
                }
        }.keys.sorted().map { path in
            Finding(
                item: "device \(path)", grade: .failure,
                detail: "declared shared, and it is not here",
                remedy: "attach it here, or name under sharedStorage the hosts that have it")
        }
    }

    /// Guests that none of the other hosts that were asked could take for their storage, with the
    /// cause at one of them.
    private func guests(_ inventory: HostInventory) -> [Finding] {
        let targets = others.filter { $0.host != inventory.host }.prefix(Self.targetsTried)
            .map { host($0) }
        let source = host(inventory)
        guard !targets.isEmpty else { return [] }
        let blockers = inventory.domains.filter(\.state.isActive).compactMap { domain -> Blocker? in
            var first: Blocker?
            for target in targets {
                guard
                    let blocker = StorageReport.blocker(
                        of: domain, from: source, to: target, under: policy)
                else { return nil }
                first = first ?? blocker
            }
            return first
        }
        let shown = blockers.prefix(Self.guestsShown).map { blocker in
            Finding(
                item: "storage of '\(blocker.domain ?? "?")'", grade: .warning,
                detail: blocker.detail, remedy: blocker.remedy)
        }
        let rest = blockers.dropFirst(Self.guestsShown)
        guard !rest.isEmpty else { return shown }
        return shown + [
            Finding(
                item: "storage of guests", grade: .warning,
                detail: "\(Format.plural(rest.count, "more guest")) cannot leave for its storage",
                remedy: "kvmbalance plan drain \(inventory.host)")
        ]
    }

    private static let guestsShown = 10
    private static let targetsTried = 32
}
