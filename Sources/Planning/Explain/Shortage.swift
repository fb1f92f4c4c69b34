import ClusterModel
import PlacementPolicy

/// Says why a unit found no host: the binding constraint of each host, hosts alike taken together.
struct Shortage {
    private let state: UnitPlacement
    private let targets: [Int]

    init(_ state: UnitPlacement, targets: [Int]) {
        self.state = state
        self.targets = targets
    }

    private struct Answer {
        var host: HostName
        var reason: Blocker.Reason
        /// Equal texts are shown once for all their hosts.
        var text: String
        var remedy: String
        /// Is it a matter of load, which moving others or adding capacity would repair?
        var isLoad: Bool
        /// How far it is from fitting, in hundredths of a percent of the host.
        var distance: Int64
    }

    /// The blocker for one domain of a unit.
    func blocker(for domain: Int) -> Blocker {
        let unit = state.units.unit[domain]
        let answers = targets.map { answer(for: unit, domain, at: $0) }
        let name = state.problem.domains[domain].name
        guard let nearest = nearest(answers) else {
            return Blocker(
                domain: name, reason: .other, detail: "no other host could take it",
                remedy: "add a host, or enable one that is in maintenance")
        }
        return Blocker(
            domain: name, host: answers.count == 1 ? nearest.host : nil, reason: nearest.reason,
            detail: detail(answers, nearest), remedy: nearest.remedy)
    }

    /// A host that only lacks room is nearer than one that could never take it.
    private func nearest(_ answers: [Answer]) -> Answer? {
        let load = answers.filter(\.isLoad).min { ($0.distance, $0.host) < ($1.distance, $1.host) }
        if let load { return load }
        // Otherwise what most hosts say; the first of them when that is even.
        return answers.max { left, right in
            let counts = [left, right].map { one in answers.count { $0.reason == one.reason } }
            return counts[0] != counts[1] ? counts[0] < counts[1] : left.host > right.host
        }
    }

    private func detail(_ answers: [Answer], _ nearest: Answer) -> String {
        var groups: [(text: String, hosts: [HostName], isLoad: Bool, distance: Int64)] = []
        for answer in answers {
            if let index = groups.firstIndex(where: { $0.text == answer.text }) {
                groups[index].hosts.append(answer.host)
            } else {
                groups.append((answer.text, [answer.host], answer.isLoad, answer.distance))
            }
        }
        groups.sort {
            $0.isLoad != $1.isLoad
                ? $0.isLoad : ($0.distance, $0.hosts[0]) < ($1.distance, $1.hosts[0])
        }
        let shown = groups.prefix(4).map { "\(Self.names($0.hosts)): \($0.text)" }
        let hidden = groups.dropFirst(4).reduce(0) { $0 + $1.hosts.count }
        return shown.joined(separator: "; ")
            + (hidden > 0 ? "; and \(hidden) more host\(hidden == 1 ? "" : "s")" : "")
    }

    private static func names(_ hosts: [HostName]) -> String {
        hosts.count <= 3
            ? hosts.map(\.rawValue).joined(separator: ", ")
            : "\(hosts[0]), \(hosts[1]) and \(hosts.count - 2) more"
    }

    private func answer(for unit: Int, _ domain: Int, at target: Int) -> Answer {
        let problem = state.problem
        let host = problem.hosts[target].name
        let source = state.origin(of: unit)
        for member in state.units.members[unit] {
            if let blocker = state.compatibility.blocker(member, from: source, to: target) {
                let whose =
                    member == domain ? "" : "\(problem.domains[member].name), which moves with it: "
                return Answer(
                    host: host, reason: blocker.reason, text: whose + blocker.detail,
                    remedy: blocker.remedy, isLoad: false, distance: 0)
            }
        }
        return overflow(of: unit, at: target) ?? group(of: unit, at: target)
    }

    private func overflow(of unit: Int, at target: Int) -> Answer? {
        let problem = state.problem
        var worst: (resource: Int, missing: Int64, share: Int64)?
        for resource in 0..<problem.width {
            let index = target * problem.width + resource
            let needed = state.units.members[unit].reduce(Int64(0)) {
                $0 + problem.load(of: $1, resource)
            }
            let missing = state.placement.load[index] + needed - problem.limit[index]
            guard needed > 0, missing > 0 else { continue }
            let share = WorkingPlacement.share(missing, of: max(1, problem.capacity[index]))
            if share > worst?.share ?? -1 { worst = (resource, missing, share) }
        }
        guard let worst else { return nil }
        let resource = problem.layout.resources[worst.resource]
        let index = target * problem.width + worst.resource
        let free = max(0, problem.limit[index] - state.placement.load[index])
        let host = problem.hosts[target].name
        let needed = free + worst.missing
        // An empty host of this size would not do either.
        let isTooSmall = needed > problem.limit[index]
        return Answer(
            host: host, reason: resource.blockerReason,
            text: "\(resource.text(worst.missing)) short (\(resource.text(free)) free)",
            remedy: isTooSmall
                ? "add a host that can give \(resource.text(needed))"
                : "free \(resource.text(worst.missing)) on \(host), or add a host", isLoad: true,
            distance: worst.share)
    }

    private func group(of unit: Int, at target: Int) -> Answer {
        let problem = state.problem
        let host = problem.hosts[target].name
        for member in state.units.members[unit] {
            guard let index = state.placement.brokenGroup(member, at: target) else { continue }
            let group = problem.groups[index]
            let others = group.members.filter {
                $0 != member && state.placement.host[$0] != WorkingPlacement.nowhere
            }
            switch group.kind {
            case .apart:
                let item = problem.item(of: target, in: group.scope)
                let near = others.filter {
                    problem.item(of: state.placement.host[$0], in: group.scope) == item
                }
                let names = near.map { problem.domains[$0].name }.joined(separator: ", ")
                return Answer(
                    host: host, reason: group.reason,
                    text: "\(group.title) keeps it apart from \(names)",
                    remedy: "add a \(group.scope.rawValue), or \(group.wayOut)",
                    isLoad: true, distance: 20_000)
            case .together:
                return Answer(
                    host: host, reason: .affinity,
                    text: "group '\(group.name)' keeps it with "
                        + others.map { problem.domains[$0].name }.joined(separator: ", "),
                    remedy: "let the whole group move, or drop the group", isLoad: true,
                    distance: 20_000)
            }
        }
        return Answer(
            host: host, reason: .other, text: "it and the rest of its group do not fit together",
            remedy: "drop an affinity or anti-affinity group", isLoad: true, distance: 20_000)
    }
}
