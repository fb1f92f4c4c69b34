import Actuation
import ClusterModel
import HypervisorInterface
import PlacementPolicy

/// What was tried out between hosts, every pair in both directions.
struct FitnessProbes: Sendable {
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

    var shells: [HostName: ShellFacts] = [:]
    var daemons: [Pair: PeerReach] = [:]
    var pools: [PoolProbe] = []

    /// Tries it between all hosts that answered.
    static func run(
        _ fleet: FleetHosts, _ looks: [HostReading], _ clock: WorldClock
    ) async -> FitnessProbes {
        var probes = FitnessProbes()
        let hosts = fleet.fleet.hosts.filter { host in
            looks.contains { look in
                if case .success = look.result { look.host == host.name } else { false }
            }
        }
        // One after the other: sshd drops connections at random when many log in at once.
        probes.shells = await askShells(hosts, fleet, clock)
        probes.daemons = await tryDaemons(hosts, fleet, clock)
        probes.pools = await tryPools(looks, fleet)
        return probes
    }

    private static func askShells(
        _ hosts: [FleetHost], _ fleet: FleetHosts, _ clock: WorldClock
    ) async -> [HostName: ShellFacts] {
        await withTaskGroup(of: (HostName, ShellFacts).self) { group in
            for host in hosts {
                let others = hosts.filter { $0.name != host.name }
                let shell = fleet[host.name]?.shell
                group.addTask {
                    (host.name, await ShellFacts.ask(shell, about: others, now: clock.now))
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// All sources at once, the targets of each one after the other.
    private static func tryDaemons(
        _ hosts: [FleetHost], _ fleet: FleetHosts, _ clock: WorldClock
    ) async -> [Pair: PeerReach] {
        await withTaskGroup(of: [Pair: PeerReach].self) { group in
            for host in hosts {
                guard let prober = fleet[host.name]?.prober else { continue }
                let peers = hosts.filter { $0.name != host.name }.compactMap { other in
                    fleet[other.name].map { (other.name, $0.connection.peerURI) }
                }
                group.addTask {
                    var found: [Pair: PeerReach] = [:]
                    for (name, uri) in peers {
                        var reach = await prober.reach(uri)
                        if case .unproven = reach {
                            // For the same reason once more.
                            try? await clock.sleep(1000)
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
        _ looks: [HostReading], _ fleet: FleetHosts
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
            found += await tryPool(pool, hosts, fleet)
        }
        return found
    }

    private static func tryPool(
        _ pool: StoragePool, _ hosts: [HostName], _ fleet: FleetHosts
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
                    probe.isSame = try await fleet[host]?.prober?.seesMark(
                        other.mark, in: pool.name)
                } catch {
                    probe.reason = "\(error)"
                }
                found.append(probe)
            }
            do {
                try await fleet[host]?.prober?.leaveMark(mark, in: pool.name)
                left.append((host, mark))
            } catch {
                found.append(
                    PoolProbe(
                        pool: pool.name, path: pool.targetPath ?? "",
                        pair: Pair(from: host, to: host), reason: "\(error)"))
            }
        }
        for (host, mark) in left { try? await fleet[host]?.prober?.removeMark(mark, in: pool.name) }
        return found
    }
}
