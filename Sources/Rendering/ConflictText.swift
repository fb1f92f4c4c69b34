package import ClusterModel
import Operations

/// What contradicts what, and the ways out, as people read it.
package struct ConflictText {
    let conflict: PlanConflict
    /// Lines are broken to fit; nil leaves them as long as they are.
    var width: Int?

    package init(conflict: PlanConflict, width: Int? = nil) {
        self.conflict = conflict
        self.width = width
    }

    package var text: String {
        let constraints = conflict.constraints.map { wrapped("  - \($0.detail)") }
        guard !conflict.relaxations.isEmpty else {
            return ([headline] + constraints).joined(separator: "\n")
        }
        let ways = conflict.relaxations.map { wrapped("  - " + $0.joined(separator: ", and ")) }
        return ([headline] + constraints + ["Remedies, the cheapest first:"] + ways)
            .joined(separator: "\n")
    }

    private var headline: String {
        let together =
            conflict.isProven
            ? "Conflict" : "No plan was found that satisfies all of these"
        return together
            + (conflict.isSmallest
                ? "; give up at least one of:"
                : " (the search ended early; fewer may already conflict):")
    }

    private func wrapped(_ line: String) -> String {
        Format.wrapped(line, indent: 4, width: width)
    }
}
