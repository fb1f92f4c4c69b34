import ClusterModel
import PlacementPolicy

/// A cluster as dense arrays of integers: hosts, active domains and resources are indices.
///
/// Rows are flat (`host * resources + resource`), so that the inner loops walk along memory.
/// Domains that do not run hold neither memory nor CPU and are left out, but for those whose
/// definition is to move. It never changes once it is built; a
/// class, because the search reads it at every turn and a struct of many arrays is dear to pass
/// around.
final class PlacementProblem {
    let policy: Policy
    let hosts: [Host]
    let domains: [Domain]
    let hostIndex: [HostName: Int]
    let domainIndex: [DomainID: Int]
    let layout: ResourceLayout
    /// Resources in a row: stored, as the inner loops ask for it at every turn.
    let width: Int
    /// Where each domain is at the start.
    let origin: [Int]
    let demand: [Int64]
    let capacity: [Int64]
    /// Load at the start; migrations that were under way already count on both hosts.
    let initialLoad: [Int64]
    /// What must never be exceeded: capacity, or the load at the start where that is higher
    /// already.
    let limit: [Int64]
    /// Can the host take or give anything? Beside the hosts, which are dear to copy.
    let isReachable: [Bool]
    /// Dense number of each host's zone; a host without one is its own zone.
    let zone: [Int]
    private(set) var groups: [DomainGroup] = []
    private(set) var groupsOfDomain: [[Int]] = []
    /// Memory of each host's largest NUMA cell.
    private let largestCell: [Int64]
    /// Versions of QEMU and libvirt, nil where a host does not tell.
    private let versions: [(hypervisor: Int, libvirt: Int)?]
    /// Second places of domains whose migration was under way.
    let arriving: [(domain: Int, host: Int)]
    /// Hosts that have what a domain cannot have there beside it, and why. What others in the
    /// problem may take away again is a group: see `makeGroups`.
    let barred: [Int: [Int: Misfit]]

    /// Shares in hundredths of a percent that no host may be filled above.
    struct Ceilings {
        var memory: Int64
        var cpu: Int64
    }

    /// How far hosts may be filled with CPU demand.
    enum CPURoom: Hashable {
        /// To what they have.
        case kept
        /// To a share of it, in hundredths of a percent.
        case upTo(share: Int64)
        /// Without end.
        case boundless
    }

    init(
        _ snapshot: ClusterSnapshot, under policy: Policy, ceilings: Ceilings? = nil,
        cpu: CPURoom = .kept
    ) {
        self.policy = policy
        hosts = snapshot.hosts
        let hostIndex = Dictionary(
            firstOf: snapshot.hosts.enumerated().map { ($1.name, $0) })
        self.hostIndex = hostIndex
        domains = snapshot.domains.filter {
            ($0.facts.state.isActive || policy.movesDefinition(of: $0.facts))
                && hostIndex[$0.host] != nil
        }
        domainIndex = Dictionary(
            firstOf: domains.enumerated().map { ($1.id, $0) })
        origin = domains.map { hostIndex[$0.host] ?? 0 }
        let copied = LocalDisks.inPools(of: domains, on: hosts, at: origin, under: policy)
        barred = Self.barred(domains, in: snapshot, hostIndex, copied)
        layout = ResourceLayout(
            domains: domains, slots: max(1, snapshot.demandSlots),
            hasDomainLimit: policy.maxDomainsPerHost != nil, copied: copied)
        zone = Self.zones(of: hosts)
        largestCell = hosts.map { host in
            (host.facts?.cells ?? []).map(\.memory.count).max() ?? Int64.max
        }
        isReachable = hosts.map(\.isReachable)
        versions = hosts.map { Self.versions(of: $0) }

        var arriving: [(domain: Int, host: Int)] = []
        for migration in snapshot.inFlight {
            guard let domain = domainIndex[migration.domain], let target = migration.target,
                let host = hostIndex[target], host != origin[domain]
            else { continue }
            arriving.append((domain, host))
        }
        self.arriving = arriving
        width = layout.count
        var demand = [Int64](repeating: 0, count: domains.count * width)
        var used = [Int64](repeating: 0, count: hosts.count * width)
        var row = [Int64](repeating: 0, count: width)
        for (index, domain) in domains.enumerated() {
            layout.writeDemand(of: domain, at: index, under: policy, into: &row)
            for resource in 0..<width {
                demand[index * width + resource] = row[resource]
                used[origin[index] * width + resource] += row[resource]
            }
        }
        self.demand = demand
        capacity = Self.capacity(of: hosts, used: used, layout: layout, policy: policy)
        for (domain, host) in arriving {
            for resource in 0..<width {
                used[host * width + resource] += demand[domain * width + resource]
            }
        }
        initialLoad = used
        let usable = Self.usable(capacity, layout, ceilings)
        let widened = Self.widened(usable, used, layout, cpu)
        limit = zip(widened, used).map { max($0, $1) }
        (groups, groupsOfDomain) = makeGroups()
    }

    func load(of domain: Int, _ resource: Int) -> Int64 { demand[domain * width + resource] }

    /// The host or zone number that a group looks at.
    func item(of host: Int, in scope: PlacementGroup.Scope) -> Int {
        switch scope {
        case .host: host
        case .zone: zone[host]
        }
    }

    private static func versions(of host: Host) -> (hypervisor: Int, libvirt: Int)? {
        host.facts.flatMap { facts in facts.hypervisorVersion.map { ($0, facts.libvirtVersion) } }
    }

    /// Has the host an older QEMU or libvirt than the one that a domain is on? What a newer one
    /// started goes there with luck only.
    func isOlder(_ host: Int, than origin: Int) -> Bool {
        guard let there = versions[host], let here = versions[origin] else { return false }
        return there.hypervisor < here.hypervisor || there.libvirt < here.libvirt
    }

    /// Would its memory lie in several NUMA cells of the host, whatever else runs there? Not asked
    /// of domains that are bound to cells.
    func isSplit(_ domain: Int, on host: Int) -> Bool {
        let facts = domains[domain].facts
        return facts.numa == nil && facts.memory.count > largestCell[host]
    }

    private static func zones(of hosts: [Host]) -> [Int] {
        var numbers: [ZoneName: Int] = [:]
        var next = 0
        return hosts.map { host in
            if let name = host.zone, let number = numbers[name] { return number }
            if let name = host.zone { numbers[name] = next }
            next += 1
            return next - 1
        }
    }

    private static func usable(
        _ capacity: [Int64], _ layout: ResourceLayout, _ ceilings: Ceilings?
    ) -> [Int64] {
        guard let ceilings else { return capacity }
        return capacity.enumerated().map { index, amount in
            let resource = index % layout.count
            guard resource == ResourceLayout.memory || layout.cpu.contains(resource) else {
                return amount
            }
            let share = resource == ResourceLayout.memory ? ceilings.memory : ceilings.cpu
            return amount / 10_000 * share + amount % 10_000 * share / 10_000
        }
    }

    /// With as much CPU as `room` says; of no end, what all domains together want, on top of all
    /// else.
    private static func widened(
        _ usable: [Int64], _ used: [Int64], _ layout: ResourceLayout, _ room: CPURoom
    ) -> [Int64] {
        let width = layout.count
        switch room {
        case .kept: return usable
        case .upTo(let share):
            return usable.enumerated().map { index, amount in
                guard layout.cpu.contains(index % width) else { return amount }
                return amount / 10_000 * share + amount % 10_000 * share / 10_000
            }
        case .boundless:
            var all = [Int64](repeating: 0, count: width)
            for (index, amount) in used.enumerated() { all[index % width] += amount }
            return usable.enumerated().map { index, amount in
                layout.cpu.contains(index % width)
                    ? max(amount, used[index]) + all[index % width] : amount
            }
        }
    }

    private static func capacity(
        of hosts: [Host], used: [Int64], layout: ResourceLayout, policy: Policy
    ) -> [Int64] {
        var capacity: [Int64] = []
        capacity.reserveCapacity(hosts.count * layout.count)
        for (index, host) in hosts.enumerated() {
            for resource in 0..<layout.count {
                capacity.append(
                    layout.capacity(
                        of: host, at: resource, used: used[index * layout.count + resource],
                        under: policy))
            }
        }
        return capacity
    }
}
