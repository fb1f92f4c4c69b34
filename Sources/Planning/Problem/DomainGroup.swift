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
    /// See `PlacementGroup`.
    var excess = 0
    var origin = Origin.operators

    /// Whose rule it is.
    enum Origin {
        case operators
        /// libvirt's: its members have the same name.
        case name
        /// The kernel's: its members' consoles were given the same port.
        case consolePort
    }

    /// For people.
    var title: String {
        switch origin {
        case .operators: "group '\(name)'"
        case .name: "the name '\(name)'"
        case .consolePort: "console port \(name)"
        }
    }

    /// The word that scripts find it by.
    var reason: Blocker.Reason {
        switch (origin, kind) {
        case (.name, _): .sameName
        case (.consolePort, _): .other
        case (.operators, .together): .affinity
        case (.operators, .apart): .antiAffinity
        }
    }

    /// How to be rid of it, after a comma or 'or'.
    var wayOut: String {
        switch origin {
        case .operators: "drop \(title)"
        case .name: "shut one of them down and rename it (virsh domrename)"
        case .consolePort:
            "give one of them autoport='yes' or another port (virsh edit) and "
                + "restart it"
        }
    }
}
