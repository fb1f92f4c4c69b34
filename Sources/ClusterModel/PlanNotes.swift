/// Why hosts are not used by a plan, or why domains stay: the constraint that binds.
package struct PlanNote: Hashable, Codable, Sendable {
    /// Names of hosts or domains that the same is true of, in order.
    package var names: [String]
    package var reason: String

    package init(names: [String], reason: String) {
        self.names = names
        self.reason = reason
    }
}

/// What a step does to the score: each figure as it is before the step and after it, where steps
/// are made one after another in the order of their numbers.
package struct StepEffect: Hashable, Codable, Sendable {
    /// The goal or constraint that the step is for: `drain`, `move`, `return`, `balance`,
    /// `rollback`, `consolidate`, `room` for others, or `order`.
    package var serves: String
    package var before: [String: Double]
    package var after: [String: Double]

    package init(serves: String, before: [String: Double], after: [String: Double]) {
        self.serves = serves
        self.before = before
        self.after = after
    }
}
