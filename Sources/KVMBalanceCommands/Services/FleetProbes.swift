import ClusterModel
import Foundation
import HypervisorInterface
import PlacementPolicy

/// What was tried out between hosts, every pair in both directions.
struct FleetProbes: Sendable {
    /// From one host to another.
    struct Pair: Hashable, Sendable {
        var from: HostName
        var to: HostName
    }

    /// What came of looking for one host's mark in the pool of another.
    struct PoolProbe: Hashable, Sendable {
        var pool: String
        var path: String
        var pair: Pair
        /// nil with a reason where it could not be found out.
        var isSame: Bool?
        var reason: String?
    }

    var shells: [HostName: ShellProbe] = [:]
    var daemons: [Pair: PeerReach] = [:]
    var pools: [PoolProbe] = []

    static func run(
        _ fleet: Fleet, _ looks: [HostLook], _ probers: [HostName: any HostProber],
        doors: [HostName: HostDoor]
    ) async -> FleetProbes {
        var probes = FleetProbes()
        let hosts = fleet.hosts.filter { host in
            looks.contains { look in
                if case .success = look.result { look.host == host.name } else { false }
            }
        }
        // One after the other: sshd drops connections at random when many log in at once.
        probes.shells = await askShells(hosts)
        probes.daemons = await tryDaemons(hosts, probers, doors)
        probes.pools = await tryPools(looks, probers)
        return probes
    }

    private static func askShells(_ hosts: [FleetHost]) async -> [HostName: ShellProbe] {
        await withTaskGroup(of: (HostName, ShellProbe).self) { group in
            for host in hosts {
                let others = hosts.filter { $0.name != host.name }
                group.addTask { (host.name, await ShellProbe.ask(host, about: others)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// All sources at once, the targets of each one after the other.
    private static func tryDaemons(
        _ hosts: [FleetHost], _ probers: [HostName: any HostProber], _ doors: [HostName: HostDoor]
    ) async -> [Pair: PeerReach] {
        await withTaskGroup(of: [Pair: PeerReach].self) { group in
            for host in hosts {
                guard let prober = probers[host.name] else { continue }
                let peers = hosts.filter { $0.name != host.name }.compactMap { other in
                    doors[other.name].map { (other.name, $0.peerURI) }
                }
                group.addTask {
                    var found: [Pair: PeerReach] = [:]
                    for (name, uri) in peers {
                        var reach = await prober.reach(uri)
                        if case .unproven = reach {
                            // For the same reason once more.
                            try? await Task.sleep(for: .seconds(1))
                            reach = await prober.reach(uri)
                        }
                        found[Pair(from: host.name, to: name)] = reach
                    }
                    return found
                }
            }
            return await group.reduce(into: [:]) { $0.merge($1) { one, _ in one } }
        }
    }

    /// Pools of files with the same name, type and path on several hosts: one leaves a mark, the
    /// others look for it.
    private static func tryPools(
        _ looks: [HostLook], _ probers: [HostName: any HostProber]
    ) async -> [PoolProbe] {
        var holders: [StoragePool: [HostName]] = [:]
        for look in looks {
            guard case .success(let inventory) = look.result else { continue }
            for pool in inventory.facts.pools where ["dir", "fs", "netfs"].contains(pool.type) {
                var key = pool
                (key.available, key.identity) = (nil, nil)
                holders[key, default: []].append(look.host)
            }
        }
        var found: [PoolProbe] = []
        let shared = holders.filter { $0.value.count > 1 && $0.key.targetPath != nil }
        for (pool, hosts) in shared.sorted(by: { $0.key.name < $1.key.name }) {
            found += await tryPool(pool, hosts, probers)
        }
        return found
    }

    private static func tryPool(
        _ pool: StoragePool, _ hosts: [HostName], _ probers: [HostName: any HostProber]
    ) async -> [PoolProbe] {
        var left: [(host: HostName, mark: String)] = []
        var found: [PoolProbe] = []
        for host in hosts {
            // Of two hosts that see the same, either's mark proves it.
            let earlier = left
            let mark = "kvmbalance-probe-\(UInt64.random(in: 1...UInt64.max))"
            for other in earlier {
                var probe = PoolProbe(
                    pool: pool.name, path: pool.targetPath ?? "",
                    pair: Pair(from: other.host, to: host))
                do {
                    probe.isSame = try await probers[host]?.seesMark(other.mark, in: pool.name)
                } catch {
                    probe.reason = "\(error)"
                }
                found.append(probe)
            }
            do {
                try await probers[host]?.leaveMark(mark, in: pool.name)
                left.append((host, mark))
            } catch {
                found.append(
                    PoolProbe(
                        pool: pool.name, path: pool.targetPath ?? "",
                        pair: Pair(from: host, to: host), reason: "\(error)"))
            }
        }
        for (host, mark) in left { try? await probers[host]?.removeMark(mark, in: pool.name) }
        return found
    }
}
