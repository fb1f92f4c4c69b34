/// Domains that belong together, or that must be kept apart.
package struct PlacementGroup: Hashable, Sendable {
    /// What two domains of a group share, or must not share.
    package enum Scope: String, Hashable, Sendable, CaseIterable {
        case host, zone
    }

    package var name: String
    package var domains: [NamePattern]
    package var scope: Scope
    /// 1 to 1000 where it is preferred; nil where it is required.
    package var weight: Int?
    /// How many members more than one may be at a host or zone, or on how many hosts or zones more
    /// than one it may be; 0 but in a plan that breaks it.
    package var excess = 0

    /// More than any group has members.
    package static let boundless = 1_000_000_000

    package init(name: String, domains: [NamePattern], scope: Scope = .host) {
        self.name = name
        self.domains = domains
        self.scope = scope
    }
}
