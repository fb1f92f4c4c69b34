/// Why a request cannot be had: constraints that contradict each other, and what would make it
/// possible.
package struct PlanConflict: Hashable, Codable, Sendable {
    /// One constraint that takes part, and what it says.
    package struct Constraint: Hashable, Codable, Sendable {
        package var kind: String
        package var detail: String

        package init(kind: String, detail: String) {
            self.kind = kind
            self.detail = detail
        }
    }

    /// Together they cannot be met, whatever the other constraints are.
    package var constraints: [Constraint]
    /// Does the request become possible whichever one of them is left out? False when the search
    /// for fewer was ended early.
    package var isSmallest: Bool
    /// Was it proven that no plan meets them? False when only a bounded search found none.
    package var isProven: Bool
    /// Ways out, the cheapest first: all changes of one of them together make the plan possible.
    package var relaxations: [[String]]

    package init(
        constraints: [Constraint], isSmallest: Bool, isProven: Bool, relaxations: [[String]]
    ) {
        self.constraints = constraints
        self.isSmallest = isSmallest
        self.isProven = isProven
        self.relaxations = relaxations
    }

    private enum CodingKeys: String, CodingKey {
        case constraints
        case isSmallest = "smallest"
        case isProven = "proven"
        case relaxations
    }
}
