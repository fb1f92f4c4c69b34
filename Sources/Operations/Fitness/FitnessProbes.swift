import Actuation
import ClusterModel
import HypervisorInterface
import PlacementPolicy

/// What was tried out between hosts.
struct FitnessProbes: Sendable {
    /// From one host to another.
    struct Pair: Hashable, Sendable {
        var from: HostName
        var to: HostName
    }

    /// What came of looking for one host's mark in the pool, or the folder, of another.
    struct PoolProbe: Hashable, Sendable {
        /// Its name; of a folder without a pool the path.
        var pool: String
        var path: String
        var pair: Pair
        /// nil with a reason where it could not be found out.
        var isSame: Bool?
        var reason: String?

        var folder: String {
            path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        }
        /// For people.
        var title: String { pool.hasPrefix("/") ? "folder \(pool)" : "pool \(pool)" }
    }

    var shells: [HostName: ShellFacts] = [:]
    var daemons: [Pair: PeerReach] = [:]
    var pools: [PoolProbe] = []
    /// By path of a device, what it is on each host.
    var devices: [String: [HostName: String]] { DeviceFacts.identities(deviceSights) }
    var deviceSights: [HostName: [String: DeviceFacts.Sight]] = [:]

    /// Tries it between the hosts that answered: all pairs of a small fleet or where that is
    /// `wanted`, else a part of them.
    static func run(
        _ fleet: FleetHosts, _ looks: [HostReading], _ clock: WorldClock, allPairs: Bool,
        marks: ProbeMarks
    ) async -> FitnessProbes {
        var probes = FitnessProbes()
        let hosts = fleet.fleet.hosts.filter { host in
            looks.contains { look in
                if case .success = look.result { look.host == host.name } else { false }
            }
        }
        let partners = FitnessPairs(hosts.map(\.name), all: allPairs)
        // One after the other: sshd drops connections at random when many log in at once.
        probes.shells = await askShells(hosts, partners, fleet, clock)
        probes.daemons = await tryDaemons(hosts, partners, fleet, clock)
        probes.pools = await tryPools(looks, fleet, partners, marks)
        let devices = DeviceFacts.paths(of: looks.compactMap { try? $0.result.get() })
        if !devices.isEmpty {
            probes.deviceSights = await inParallel(hosts) { host in
                let answer = await fleet[host.name]?.shell?.run(DeviceFacts.script(devices))
                return DeviceFacts.read(answer?.output ?? "")
            }
        }
        return probes
    }

    private static func askShells(
        _ hosts: [FleetHost], _ partners: FitnessPairs, _ fleet: FleetHosts, _ clock: WorldClock
    ) async -> [HostName: ShellFacts] {
        await inParallel(hosts) { host in
            let targets = Set(partners.targets(of: host.name))
            let shell = fleet[host.name]?.shell
            return await ShellFacts.ask(
                shell, about: hosts.filter { targets.contains($0.name) }, now: clock.now)
        }
    }

    /// The targets of each source one after the other.
    private static func tryDaemons(
        _ hosts: [FleetHost], _ partners: FitnessPairs, _ fleet: FleetHosts, _ clock: WorldClock
    ) async -> [Pair: PeerReach] {
        let found = await inParallel(hosts) { host -> [Pair: PeerReach] in
            guard let access = fleet[host.name], let prober = access.prober else { return [:] }
            var found: [Pair: PeerReach] = [:]
            for target in partners.targets(of: host.name) {
                guard let uri = fleet[target]?.connection.peerURI else { continue }
                var reach = await prober.reach(uri)
                if case .unproven = reach, let shell = access.shell {
                    reach = await PeerShell.reach(uri, by: shell)
                }
                if case .unproven = reach {
                    // For the same reason once more.
                    try? await clock.sleep(1000)
                    reach = await prober.reach(uri)
                }
                found[Pair(from: host.name, to: target)] = reach
            }
            return found
        }
        return found.values.reduce(into: [:]) { $0.merge($1) { one, _ in one } }
    }

    /// So many hosts are asked at once.
    private static let atOnce = 32

    static func inParallel<Value: Sendable>(
        _ hosts: [FleetHost], _ ask: @escaping @Sendable (FleetHost) async -> Value
    ) async -> [HostName: Value] {
        await withTaskGroup(of: (HostName, Value).self) { group in
            var (left, found) = (hosts[...], [HostName: Value]())
            for host in left.prefix(atOnce) {
                group.addTask { (host.name, await ask(host)) }
            }
            left = left.dropFirst(atOnce)
            while let (name, value) = await group.next() {
                found[name] = value
                if let host = left.popFirst() {
                    group.addTask { (host.name, await ask(host)) }
                }
            }
            return found
        }
    }
}
