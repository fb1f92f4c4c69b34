/// Domains that belong together, or that must be kept apart.
package struct PlacementGroup: Hashable, Sendable {
    /// What two domains of a group share, or must not share.
    package enum Scope: String, Hashable, Sendable, CaseIterable {
        case host, zone
    }

    package var name: String
    package var domains: [NamePattern]
    package var scope: Scope

    package init(name: String, domains: [NamePattern], scope: Scope = .host) {
        self.name = name
        self.domains = domains
        self.scope = scope
    }
}
