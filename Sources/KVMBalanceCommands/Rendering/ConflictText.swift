import ClusterModel
import Operations

/// What contradicts what, and the ways out, as people read it.
struct ConflictText {
    let conflict: PlanConflict
    /// Lines are broken to fit; nil leaves them as long as they are.
    var width: Int?

    var text: String {
        let constraints = conflict.constraints.map { wrapped("  - \($0.detail)") }
        guard !conflict.relaxations.isEmpty else {
            return ([headline] + constraints).joined(separator: "\n")
        }
        let ways = conflict.relaxations.map { wrapped("  - " + $0.joined(separator: ", and ")) }
        return ([headline] + constraints + ["Ways out, the cheapest first:"] + ways)
            .joined(separator: "\n")
    }

    private var headline: String {
        let together =
            conflict.isProven
            ? "These can not all hold" : "No plan was found in which all of these hold"
        return together
            + (conflict.isSmallest
                ? "; without any one of them the drain is possible:"
                : " (there may be fewer that already conflict; the search was ended early):")
    }

    private func wrapped(_ line: String) -> String {
        Format.wrapped(line, indent: 4, width: width)
    }
}
