import ClusterModel
import PlacementPolicy

/// A constraint that can be switched off, to see whether it is to blame.
enum Relaxation: Hashable {
    /// Something that hosts have a limited amount of.
    enum Supply: Hashable {
        case memory, cells
        case pages(Bytes)
    }

    /// The domain keeps running, and so must find another host.
    case runs(DomainID)
    /// Nothing in the domain or the policy keeps it where it is: pins, exclusions, what blocks a
    /// migration.
    case hold(DomainID)
    /// Machine, CPU, networks and storage that the domain needs where it goes.
    case platform(DomainID)
    /// What these hosts have of something.
    case supply(Supply, [HostName])
    case domainLimit
    case group(String, isApart: Bool)
    case policyGroup(Int, isApart: Bool)
    case ban(Int)
    case fence(Int)
    case pin(Int)
    case exclusion(Int)
    case maintenance(HostName)
    case fault(HostName)
    case forbidden
    /// The policy's N+1.
    case spareRoom
    /// What the operator asked for beyond the goal.
    case to
    case notTo(HostName)
    case except(DomainID)

    /// What it takes an operator to give way here; smaller is cheaper. A rule is set aside for a
    /// while with a word, a host is put to use again, memory must be freed, a service is shut down
    /// last.
    var cost: Int {
        switch self {
        case .group, .policyGroup: 1
        case .ban, .fence, .domainLimit, .forbidden, .to, .notTo, .except: 2
        case .pin, .exclusion, .maintenance, .spareRoom: 3
        case .supply: 4
        case .hold, .fault: 5
        case .platform: 6
        case .runs: 7
        }
    }

    var kind: String {
        switch self {
        case .runs: "drain"
        case .hold: "hold"
        case .platform: "compatibility"
        case .supply(.memory, _): "memory"
        case .supply(.cells, _): "numa"
        case .supply(.pages, _): "huge-pages"
        case .domainLimit: "domain-limit"
        case .group(_, let isApart), .policyGroup(_, let isApart):
            isApart ? "anti-affinity" : "affinity"
        case .ban, .forbidden: "ban"
        case .fence: "fence"
        case .pin: "pinned"
        case .exclusion: "excluded"
        case .maintenance: "maintenance"
        case .fault: "unreachable"
        case .spareRoom: "n-plus-one"
        case .to: "to"
        case .notTo: "not-to"
        case .except: "except"
        }
    }
}
