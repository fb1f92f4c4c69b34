/// A rule of the policy by its list and its place there.
package struct RuleID: Hashable, Codable, Sendable, Comparable {
    /// The lists of a policy whose rules may be preferred instead of required.
    package enum List: String, Hashable, Codable, Sendable, CaseIterable {
        case affinity, antiAffinity, fence, ban
    }

    package var list: List
    /// From 1.
    package var number: Int

    package init(_ list: List, _ number: Int) {
        self.list = list
        self.number = number
    }

    package static func < (left: RuleID, right: RuleID) -> Bool {
        (left.list.rawValue, left.number) < (right.list.rawValue, right.number)
    }
}

/// A preferred rule that a plan does not keep, because what was asked for cannot be had otherwise.
package struct BrokenRule: Hashable, Codable, Sendable {
    package var rule: RuleID
    /// For people: `anti-affinity 'quorum' (prefer: 10)`.
    package var title: String
    /// Which domains break it, and where.
    package var detail: String

    package init(rule: RuleID, title: String, detail: String) {
        self.rule = rule
        self.title = title
        self.detail = detail
    }
}
