import ClusterModel
import PlacementPolicy

/// A world, a policy and a request with some constraints switched off: what is planned on it is
/// planned like anything else, so no constraint can be forgotten here.
struct RelaxedSnapshot {
    private(set) var hosts: [Host]
    private(set) var domains: [Domain]
    private(set) var policy: Policy
    private(set) var request: PlanRequest
    private var inFlight: [MigrationInFlight]
    private let original: ClusterSnapshot
    private let hostIndex: [HostName: Int]

    /// So much more of everything that no demand can miss it.
    private static let plenty = Bytes.gibibytes(1_048_576)

    init(
        _ snapshot: ClusterSnapshot, _ policy: Policy, _ request: PlanRequest,
        hostIndex: [HostName: Int]
    ) {
        original = snapshot
        self.hostIndex = hostIndex
        hosts = snapshot.hosts
        domains = snapshot.domains
        inFlight = snapshot.inFlight
        self.policy = policy
        self.request = request
    }

    var snapshot: ClusterSnapshot {
        ClusterSnapshot(original, hosts: hosts, domains: domains, inFlight: inFlight)
    }

    mutating func relax(_ switches: some Sequence<Relaxation>) {
        // By index and from the end, so that those before keep their place.
        var later: [Relaxation] = []
        var stopped: Set<DomainID> = []
        for one in switches {
            switch one {
            case .runs(let id): stopped.insert(id)
            case .hold(let id): release(id)
            case .platform(let id): loosen(id)
            case .supply(let supply, let names):
                for name in names { add(supply, Self.plenty, to: name) }
            case .domainLimit: policy.maxDomainsPerHost = nil
            case .group(let name, let isApart): drop(name, isApart)
            case .maintenance(let name): edit(name) { $0.inMaintenance = false }
            case .fault(let name): edit(name) { $0.fault = nil }
            case .forbidden: request.forbidden = []
            case .spareRoom: policy.nPlusOne = .off
            case .to: request.wishes.to = []
            case .notTo(let name): request.wishes.notTo.removeAll { $0 == name }
            case .except(let id): request.wishes.except.removeAll { $0.domain == id }
            case .policyGroup, .ban, .fence, .pin, .exclusion: later.append(one)
            }
        }
        if !stopped.isEmpty {
            for index in domains.indices where stopped.contains(domains[index].id) {
                domains[index].facts.state = .shutOff
            }
        }
        removeRules(later)
    }

    /// Adds an amount of something to a host.
    mutating func add(
        _ supply: Relaxation.Supply, _ amount: Bytes, to name: HostName
    ) {
        let general = policy.reserve
        edit(name) { host in
            switch supply {
            case .memory:
                let reserve = max(
                    host.reserve?.memory ?? general.memory ?? .zero,
                    host.usedByOthers?.memory ?? .zero)
                host.usedByOthers?.memory = nil
                host.reserve = Reserve(
                    memory: reserve - amount, cpu: host.reserve?.cpu ?? general.cpu,
                    countsOthers: host.reserve?.countsOthers)
            case .cells:
                for cell in (host.facts?.cells ?? []).indices {
                    host.facts?.cells[cell].memory += amount
                }
            case .pages(let size):
                for cell in (host.facts?.cells ?? []).indices {
                    let pages = amount.count / size.count
                    host.facts?.addPages(pages, of: size, toCell: cell)
                    // Pages come out of ordinary memory, which is not what is asked about here.
                    host.facts?.memory += Bytes(pages * size.count)
                    host.facts?.cells[cell].memory += Bytes(pages * size.count)
                }
            }
        }
    }

    private mutating func edit(_ name: HostName, _ change: (inout Host) -> Void) {
        guard let index = hostIndex[name] else { return }
        change(&hosts[index])
    }

    private mutating func release(_ id: DomainID) {
        for index in domains.indices where domains[index].id == id {
            domains[index].facts.isPinned = false
            domains[index].facts.isExcluded = false
            domains[index].facts.manager = nil
            domains[index].facts.blockers = []
            if domains[index].facts.state == .shuttingDown {
                domains[index].facts.state = .running
            }
        }
        inFlight.removeAll { $0.domain == id }
        request.pinned.removeAll { $0 == id }
    }

    private mutating func loosen(_ id: DomainID) {
        for index in domains.indices where domains[index].id == id {
            domains[index].facts.disks = []
            domains[index].facts.interfaces = []
            domains[index].facts.vcpus = 1
            domains[index].facts.secrets = nil
            domains[index].facts.consolePorts = nil
            domains[index].facts.otherDefinitions = nil
            domains[index].facts.guest.cpu = GuestCPU()
            domains[index].facts.guest.machineType = nil
            domains[index].facts.guest.devices = nil
            domains[index].facts.guest.tscHertz = nil
        }
    }

    private mutating func drop(_ group: String, _ isApart: Bool) {
        for index in domains.indices {
            if isApart {
                domains[index].facts.antiAffinityGroups.removeAll { $0 == group }
            } else {
                domains[index].facts.affinityGroups.removeAll { $0 == group }
            }
        }
    }

    private mutating func removeRules(_ switches: [Relaxation]) {
        func kept<Rule>(_ rules: [Rule], _ isOff: (Int) -> Relaxation) -> [Rule] {
            rules.indices.filter { !switches.contains(isOff($0)) }.map { rules[$0] }
        }
        guard !switches.isEmpty else { return }
        policy.antiAffinity = kept(policy.antiAffinity) { .policyGroup($0, isApart: true) }
        policy.affinity = kept(policy.affinity) { .policyGroup($0, isApart: false) }
        policy.ban = kept(policy.ban) { .ban($0) }
        policy.fence = kept(policy.fence) { .fence($0) }
        policy.pin = kept(policy.pin) { .pin($0) }
        policy.exclude = kept(policy.exclude) { .exclusion($0) }
    }
}

extension HostFacts {
    fileprivate mutating func addPages(_ pages: Int64, of size: Bytes, toCell cell: Int) {
        guard let pool = cells[cell].hugePages.firstIndex(where: { $0.pageSize == size }) else {
            cells[cell].hugePages.append(HugePagePool(pageSize: size, total: pages, free: pages))
            return
        }
        cells[cell].hugePages[pool].total += pages
        cells[cell].hugePages[pool].free += pages
    }
}
