import ClusterModel
import HypervisorInterface

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
            let place = MarkedPlace(pool: pool.name, path: pool.targetPath ?? "")
            found += await tryPlace(place, hosts, fleet, partners, marks)
        }
        let answering = looks.filter { (try? $0.result.get()) != nil }.map(\.host)
        guard answering.count > 1 else { return found }
        let known = Set(
            shared.filter { $0.value.count == answering.count }.compactMap(\.key.targetPath))
        for folder in GuestFolders.of(looks.compactMap { try? $0.result.get() }, except: known) {
            let place = MarkedPlace(pool: folder, path: folder)
            found += await tryPlace(place, answering, fleet, partners, marks)
        }
        return found
    }

    /// A pool by its name, or a folder by its path, as `ConnectivityProbe` takes them.
    private struct MarkedPlace {
        var pool: String
        var path: String
    }

    private static func tryPlace(
        _ place: MarkedPlace, _ hosts: [HostName], _ fleet: FleetHosts, _ partners: FitnessPairs,
        _ marks: ProbeMarks
    ) async -> [PoolProbe] {
        var left: [ProbeMark] = []
        var found: [PoolProbe] = []
        for host in hosts {
            // Of two hosts that see the same, either's mark proves it.
            let earlier = left.filter { partners.areSeenTogether($0.host, host) }
            let mark = ProbeMark(host: host, pool: place.pool)
            for other in earlier {
                var probe = PoolProbe(
                    pool: place.pool, path: place.path,
                    pair: Pair(from: other.host, to: host))
                do {
                    probe.isSame = try await fleet[host]?.prober?.seesMark(
                        other.name, in: place.pool)
                } catch {
                    probe.reason = "\(error)"
                }
                found.append(probe)
            }
            do {
                // Known before it is there, in case this check is killed.
                await marks.add(mark)
                try await fleet[host]?.prober?.leaveMark(mark.name, in: place.pool)
                left.append(mark)
            } catch {
                await marks.remove(mark, fleet)
                found.append(
                    PoolProbe(
                        pool: place.pool, path: place.path,
                        pair: Pair(from: host, to: host), reason: "\(error)"))
            }
        }
        for mark in left { await marks.remove(mark, fleet) }
        return found
    }
}
