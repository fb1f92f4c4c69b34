import ClusterModel
import PlacementPolicy

/// Domains that are kept together or apart, by their dense indices.
struct DomainGroup {
    /// What the group is for.
    enum Kind {
        /// As few hosts (or zones) as at the start, one if it was whole. Holds after the plan: on
        /// the way its members may be apart.
        case together
        /// At most one on each host (or zone), or as many as were there. Holds at every moment: a
        /// domain that moves counts at both ends.
        case apart
    }

    var name: String
    var kind: Kind
    var scope: PlacementGroup.Scope
    var members: [Int]
    /// How many hosts or zones it was spread over at the start; at least 1.
    var initialSpread = 1
    /// Nobody made it: its members have the same name.
    var isName = false

    /// For people.
    var title: String { isName ? "the name '\(name)'" : "group '\(name)'" }

    /// The word that scripts find it by.
    var reason: Blocker.Reason {
        if isName { return .sameName }
        return switch kind {
        case .together: .affinity
        case .apart: .antiAffinity
        }
    }

    /// How to be rid of it, after a comma or 'or'.
    var wayOut: String {
        isName ? "rename one of them (virsh domrename)" : "drop \(title)"
    }
}
