package import ClusterModel
import PlacementPolicy

/// What a drain or a move is asked for beyond its goal, in the operator's words: domains by name or
/// UUID, hosts by name.
package struct GoalWishes: Hashable, Sendable {
    package var to: [HostName]
    package var notTo: [HostName]
    package var except: [String]

    package init(to: [HostName] = [], notTo: [HostName] = [], except: [String] = []) {
        self.to = to
        self.notTo = notTo
        self.except = except
    }

    init(_ wishes: PlanWishes) {
        self.init(to: wishes.to, notTo: wishes.notTo, except: wishes.except.map(\.name))
    }

    /// The options that say the same again.
    var words: [String] {
        to.flatMap { ["--to", $0.rawValue] } + notTo.flatMap { ["--not-to", $0.rawValue] }
            + except.flatMap { ["--except", $0] }
    }

    /// Refuses what contradicts itself, whatever the fleet.
    func refuseContradictions(draining hosts: [HostName]) throws {
        for host in to where notTo.contains(host) {
            throw CommandError("\(host) is named by --to and by --not-to: leave out one of them")
        }
        for host in to where hosts.contains(host) {
            throw CommandError(
                "\(host) is to be drained, and its guests cannot go there: leave out --to \(host)")
        }
    }
}

extension PlanGoal {
    /// What the goal means in this world; throws where a domain is not there, or not the only one.
    func wishes(in snapshot: ClusterSnapshot, under policy: Policy) throws -> PlanWishes {
        let names = DomainNames(snapshot)
        switch self {
        case .drain(let hosts, _, let asked):
            try asked.refuseContradictions(draining: hosts)
            return PlanWishes(
                to: asked.to.uniqued, notTo: asked.notTo.uniqued,
                except: try asked.except.map {
                    try names.excepted($0, from: hosts, under: policy)
                }.uniqued)
        case .move(let domains, _, let asked):
            try asked.refuseContradictions(draining: [])
            return PlanWishes(
                moves: try domains.map { try names.domain($0) }.uniqued, to: asked.to.uniqued,
                notTo: asked.notTo.uniqued)
        case .return, .balance, .consolidate: return PlanWishes()
        }
    }
}

/// Domains as people name them: by name, or by UUID where a name is not enough.
struct DomainNames {
    private let snapshot: ClusterSnapshot

    init(_ snapshot: ClusterSnapshot) { self.snapshot = snapshot }

    func domain(_ word: String) throws -> NamedDomain { try NamedDomain(only(word)) }

    func only(_ word: String) throws -> Domain {
        try only(snapshot.domains.filter { $0.isCalled(word) }, word)
    }

    /// One that would leave one of these hosts.
    func excepted(
        _ word: String, from hosts: [HostName], under policy: Policy
    ) throws -> NamedDomain {
        let called = snapshot.domains.filter { $0.isCalled(word) }
        let there = called.filter { domain in
            hosts.contains(domain.host)
                && (domain.facts.state.isActive || policy.movesDefinition(of: domain.facts))
        }
        guard there.isEmpty else { return try NamedDomain(only(there, word)) }
        let domain = try only(called, word)
        let state = domain.facts.state.isActive ? "runs" : "is \(domain.facts.state.rawValue)"
        let stays = hosts.contains(domain.host) ? "stays there anyway" : "is not to be drained"
        let what = hosts.contains(domain.host) ? "and it" : "which"
        throw CommandError(
            "'\(domain.name)' \(state) on \(domain.host), \(what) \(stays): leave out --except "
                + word.quotedForShell)
    }

    private func only(_ found: [Domain], _ word: String) throws -> Domain {
        guard let first = found.first(where: { $0.facts.state.isActive }) ?? found.first else {
            throw CommandError("there is no domain '\(word)' on any host\(unread)")
        }
        let others = found.filter { $0.id != first.id }
        guard others.isEmpty else {
            let places = ([first] + others).map { "on \($0.host) (UUID \($0.id))" }
            throw CommandError(
                "'\(word)' is the name of several domains: \(places.joined(separator: ", ")). "
                    + "Name the right one by its UUID")
        }
        return first
    }

    /// What is not known of hosts that do not answer.
    private var unread: String {
        let silent = snapshot.hosts.filter { !$0.isReachable }.map(\.name.rawValue)
        return silent.isEmpty
            ? "; kvmbalance status lists them"
            : " that could be read; what runs on \(silent.joined(separator: ", ")) is unknown"
    }
}

extension NamedDomain {
    fileprivate init(_ domain: Domain) {
        self.init(domain.id, name: domain.name, host: domain.host)
    }
}

extension Domain {
    fileprivate func isCalled(_ word: String) -> Bool {
        name == word || id.rawValue.lowercased() == word.lowercased()
    }
}

extension Array where Element: Hashable {
    /// Each once, where it stands first.
    fileprivate var uniqued: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
