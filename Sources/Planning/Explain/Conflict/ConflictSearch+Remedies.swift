import ClusterModel
import PlacementPolicy

/// What would make the drain or the move possible.
extension ConflictSearch {
    private static let shownAtMost = 5

    /// Each single change that is enough, cheapest first: it must lie in every conflict, so the one
    /// at hand has them all. If no single one is, changes that are enough together.
    mutating func remedies(_ conflict: [Relaxation]) -> [[String]] {
        var remedies: [(cost: Int, share: Int64, text: String)] = []
        for constraint in conflict.sorted(by: { $0.cost < $1.cost })
        where remedies.count < Self.shownAtMost {
            for candidate in names.narrowed(constraint) {
                guard let (change, share) = least(candidate, beside: []) else { continue }
                remedies.append((constraint.cost, share, text(change)))
            }
        }
        guard remedies.isEmpty else {
            let order = remedies.indices.sorted {
                (remedies[$0].cost, remedies[$0].share, $0) < (
                    remedies[$1].cost, remedies[$1].share, $1
                )
            }
            return order.prefix(Self.shownAtMost).map { [remedies[$0].text] }
        }
        return together(conflict).map { [$0] } ?? []
    }

    /// Switches the cheapest constraint of one conflict after another off until none is left; then
    /// asks of each for no more than it takes.
    private mutating func together(_ first: [Relaxation]) -> [String]? {
        var off: [Relaxation] = []
        var conflict = first
        for _ in 0..<12 {
            guard let cheapest = conflict.min(by: { $0.cost < $1.cost }) else { return nil }
            off.append(cheapest)
            if isFeasible(off.map { Change(constraint: $0) }) { break }
            conflict = explain(beyond: off)
        }
        var changes = off.map { Change(constraint: $0) }
        guard isFeasible(changes) else { return nil }
        for index in changes.indices {
            var others = changes
            others.remove(at: index)
            if isFeasible(others) { continue }
            guard let (change, _) = least(changes[index].constraint, beside: others) else {
                continue
            }
            changes[index] = change
        }
        guard isFeasible(changes) else { return nil }
        return texts(changes)
    }

    /// One line for all domains that the same would help.
    private func texts(_ changes: [Change]) -> [String] {
        var lines: [(domains: [String], text: String)] = []
        var place: [String: Int] = [:]
        for change in changes {
            guard let (domain, remedy) = names.help(change.constraint) else {
                lines.append(([], text(change)))
                continue
            }
            if let line = place[remedy] {
                lines[line].domains.append(domain)
            } else {
                place[remedy] = lines.count
                lines.append(([domain], remedy))
            }
        }
        return lines.map { domains, text in
            domains.isEmpty ? text : "\(RelaxationProblem.list(domains)): \(text)"
        }
    }

    /// The least of a change that is enough; nil when all of it is not.
    private mutating func least(
        _ constraint: Relaxation, beside others: [Change]
    ) -> (change: Change, share: Int64)? {
        let whole = Change(constraint: constraint)
        guard isFeasible(others + [whole]) else { return nil }
        guard case .supply(let supply, let hosts) = constraint, hosts.count == 1 else {
            return (whole, 0)
        }
        let unit = Self.unit(of: supply)
        var (low, high) = (Int64(0), names.most(supply) / unit + 1)
        var best = whole
        guard isFeasible(others + [Change(constraint: constraint, amount: Bytes(high * unit))])
        else { return (whole, Int64.max) }
        while low + 1 < high, !isCut {
            let middle = (low + high) / 2
            let change = Change(constraint: constraint, amount: Bytes(middle * unit))
            if isFeasible(others + [change]) { high = middle } else { low = middle }
        }
        best.amount = Bytes(high * unit)
        return (best, names.share(supply, high * unit, of: hosts[0]))
    }

    /// What amounts are asked for in.
    private static func unit(of supply: Relaxation.Supply) -> Int64 {
        switch supply {
        case .memory, .cells: Bytes.mebibytes(64).count
        case .pages(let size): size.count
        }
    }

    private func text(_ change: Change) -> String {
        if case .group(let name, isApart: true) = change.constraint {
            return companions(name).map { "allow \($0) during the \(names.goal) (group '\(name)')" }
                ?? names.remedyText(change)
        }
        if case .policyGroup(let index, isApart: true) = change.constraint {
            let name = policy.antiAffinity[index].name
            return companions(name, rule: index).map {
                "allow \($0) during the \(names.goal) (group '\(name)')"
            } ?? names.remedyText(change)
        }
        return names.remedyText(change)
    }

    /// Who came to share a host or zone in the plan that was found without the group.
    private func companions(_ name: String, rule: Int? = nil) -> String? {
        guard let draft = found else { return nil }
        var place = draft.problem.origin
        for move in draft.sequence { place[move.domain] = move.target }
        let scope = rule.map { policy.antiAffinity[$0].scope } ?? .host
        let members = draft.problem.domains.indices.filter { index in
            rule.map { policy.antiAffinity[$0].domains.matches(draft.problem.domains[index].name) }
                ?? names.groups(of: draft.problem.domains[index].id).contains(name)
        }
        let moved = Set(draft.sequence.map(\.domain))
        for member in members where moved.contains(member) {
            let item = draft.problem.item(of: place[member], in: scope)
            let near = members.filter {
                $0 != member && draft.problem.item(of: place[$0], in: scope) == item
            }
            guard !near.isEmpty else { continue }
            let others = near.prefix(3).map { draft.problem.domains[$0].name }
            return "\(draft.problem.domains[member].name) beside "
                + others.joined(separator: ", ") + (scope == .zone ? " in one zone" : "")
        }
        return nil
    }
}
