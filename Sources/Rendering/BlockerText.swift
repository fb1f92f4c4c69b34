import ClusterModel
import Operations

/// What is blocked and why, for people: what many have in common stands once.
struct BlockerText {
    /// Blockers with one cause, in order of the first of them.
    private struct Cause: Hashable {
        var detail: String
        var remedy: String
        var reason: Blocker.Reason
        /// The host or the plan that it concerns, which share it with nobody; nil for domains.
        var object: String?
    }

    /// How many names stand before the rest is counted.
    private static let namesShown = 8

    static func text(_ blockers: [Blocker], width: Int?) -> String {
        var order: [Cause] = []
        var members: [Cause: [Blocker]] = [:]
        for blocker in blockers {
            let cause = cause(of: blocker)
            if members[cause] == nil { order.append(cause) }
            members[cause, default: []].append(blocker)
        }
        let lines = order.flatMap { cause -> [String] in
            let own = members[cause, default: []]
            // As it was said, where nobody shares it.
            let isOne = own.count == 1
            let detail = isOne ? own[0].detail : cause.detail
            let remedy = isOne ? own[0].remedy : cause.remedy
            return [
                Format.wrapped(
                    "  \(cause.object ?? names(of: own)): \(detail) [\(cause.reason.rawValue)]",
                    indent: 4,
                    width: width),
                Format.wrapped("      remedy: \(remedy)", indent: 14, width: width),
            ]
        }
        return "Blocked:\n" + lines.joined(separator: "\n")
    }

    /// The same for all whose text differs in nothing but their own name.
    private static func cause(of blocker: Blocker) -> Cause {
        func common(_ text: String) -> String {
            guard let name = blocker.domain, !name.isEmpty else { return text }
            return text.replacing("'\(name)'", with: "'NAME'")
        }
        guard blocker.domain != nil else {
            return Cause(
                detail: blocker.detail, remedy: blocker.remedy, reason: blocker.reason,
                object: blocker.host.map { "host \($0)" } ?? "the plan as a whole")
        }
        return Cause(
            detail: common(blocker.detail), remedy: common(blocker.remedy), reason: blocker.reason)
    }

    private static func names(of blockers: [Blocker]) -> String {
        let names = blockers.compactMap(\.domain)
        let rest = names.count - namesShown
        return names.prefix(namesShown).joined(separator: ", ")
            + (rest > 0 ? " and \(rest) more (--output json has them all)" : "")
    }
}

extension [Blocker] {
    /// What is blocked and why, each cause with its remedy.
    package func text(width: Int?) -> String { BlockerText.text(self, width: width) }
}
