import ClusterModel
import HypervisorInterface
import PlacementPolicy

/// Is a pool, or a folder that guests' disks are in, the same storage on several hosts?
extension FitnessProbes {
    /// Pools of files with the same name, type and path on several hosts, and folders that are in
    /// no such pool, like mounts of /etc/fstab: one leaves a mark, the others look for it.
    static func tryPools(
        _ looks: [HostReading], _ fleet: FleetHosts, _ partners: FitnessPairs, _ marks: ProbeMarks
    ) async -> [PoolProbe] {
        await marks.removeLeftOvers(fleet)
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
            found += await tryPool(pool, hosts, fleet, partners, marks)
        }
        let answering = looks.filter { (try? $0.result.get()) != nil }.map(\.host)
        guard answering.count > 1 else { return found }
        let known = Set(
            shared.filter { $0.value.count == answering.count }.compactMap(\.key.targetPath))
        let inventories = looks.compactMap { try? $0.result.get() }
        for folder in GuestFolders.of(inventories, except: known) {
            let users = inventories.filter { GuestFolders.has($0, folder) }.map(\.host)
            found += await tryFolder(folder, users, answering, fleet, marks)
        }
        return found
    }

    /// One host that has guests there leaves a mark, and all others look for it; then another that
    /// did not see it. What matters is where those guests could go.
    private static func tryFolder(
        _ folder: String, _ users: [HostName], _ hosts: [HostName], _ fleet: FleetHosts,
        _ marks: ProbeMarks
    ) async -> [PoolProbe] {
        var found: [PoolProbe] = []
        var (leaders, rest) = (users[...], hosts)
        while let leader = leaders.popFirst() {
            guard rest.contains(leader) else { continue }
            rest.removeAll { $0 == leader }
            let mark = ProbeMark(host: leader, pool: folder)
            do {
                await marks.add(mark)
                try await fleet[leader]?.prober?.leaveMark(mark.name, in: folder)
            } catch {
                await marks.remove(mark, fleet)
                found.append(
                    PoolProbe(
                        pool: folder, path: folder, pair: Pair(from: leader, to: leader),
                        reason: "\(error)"))
                continue
            }
            let others = fleet.fleet.hosts.filter { $0.name != leader && hosts.contains($0.name) }
            let answers = await inParallel(others) { host in
                var probe = PoolProbe(
                    pool: folder, path: folder, pair: Pair(from: leader, to: host.name))
                do {
                    probe.isSame = try await fleet[host.name]?.prober?.seesMark(
                        mark.name, in: folder)
                } catch {
                    probe.reason = "\(error)"
                }
                return probe
            }
            await marks.remove(mark, fleet)
            found += answers.sorted { $0.key < $1.key }.map(\.value)
            rest.removeAll { answers[$0]?.isSame == true }
        }
        return found
    }

    private static func tryPool(
        _ pool: StoragePool, _ hosts: [HostName], _ fleet: FleetHosts, _ partners: FitnessPairs,
        _ marks: ProbeMarks
    ) async -> [PoolProbe] {
        var left: [ProbeMark] = []
        var found: [PoolProbe] = []
        for host in hosts {
            // Of two hosts that see the same, either's mark proves it.
            let earlier = left.filter { partners.areSeenTogether($0.host, host) }
            let mark = ProbeMark(host: host, pool: pool.name)
            for other in earlier {
                var probe = PoolProbe(
                    pool: pool.name, path: pool.targetPath ?? "",
                    pair: Pair(from: other.host, to: host))
                do {
                    probe.isSame = try await fleet[host]?.prober?.seesMark(
                        other.name, in: pool.name)
                } catch {
                    probe.reason = "\(error)"
                }
                found.append(probe)
            }
            do {
                // Known before it is there, in case this check is killed.
                await marks.add(mark)
                try await fleet[host]?.prober?.leaveMark(mark.name, in: pool.name)
                left.append(mark)
            } catch {
                await marks.remove(mark, fleet)
                found.append(
                    PoolProbe(
                        pool: pool.name, path: pool.targetPath ?? "",
                        pair: Pair(from: host, to: host), reason: "\(error)"))
            }
        }
        for mark in left { await marks.remove(mark, fleet) }
        return found
    }
}
