import ClusterModel
import PlacementPolicy

/// Constraints in words.
extension RelaxationProblem {
    /// What a constraint says, with the values.
    func detail(_ constraint: Relaxation) -> String {
        switch constraint {
        case .runs(let id):
            return "\(name(id)) must leave \(host(of: id))"
        case .hold(let id):
            let held = problem.domainIndex[id].flatMap { mobility.blockers($0).first?.detail }
            return "\(name(id)) cannot move: \(held ?? "it must stay")"
        case .platform(let id):
            let misfit = problem.domainIndex[id].flatMap { self.misfit($0) }
            let at = misfit?.host.map { " (\($0))" } ?? ""
            return "requirement of \(name(id)): \(misfit?.detail ?? "not there")\(at)"
        case .supply(let supply, let hosts): return detail(supply, hosts)
        case .domainLimit:
            return "at most \(policy.maxDomainsPerHost ?? 0) domains on a host"
        case .group(let name, let isApart):
            let members = problem.domains.filter {
                (isApart ? $0.facts.antiAffinityGroups : $0.facts.affinityGroups).contains(name)
            }
            return group(name, members, "host", isApart)
        case .policyGroup(let index, let isApart):
            let rule = isApart ? policy.antiAffinity[index] : policy.affinity[index]
            let members = problem.domains.filter { rule.domains.matches($0.name) }
            return group(rule.name, members, rule.scope.rawValue, isApart)
        case .ban(let index): return "the policy bans \(text(policy.ban[index], "from"))"
        case .fence(let index): return "the policy fences \(text(policy.fence[index], "in on"))"
        case .pin(let index): return "the policy pins \(policy.pin[index])"
        case .exclusion(let index): return "the policy excludes \(policy.exclude[index])"
        case .maintenance(let name): return "\(name) is in maintenance"
        case .fault(let name): return "\(name) cannot be reached"
        case .forbidden: return "targets are ruled out for this plan after a failed migration"
        case .spareRoom:
            let when = policy.nPlusOne == .during ? "at every moment of the \(goal)" : "afterwards"
            return "N+1: \(when) any one host may fail and what runs there fits on the others"
        case .to:
            return "--to asks for \(Self.list(request.wishes.to.map(\.rawValue)))"
        case .notTo(let name): return "--not-to leaves out \(name)"
        case .except(let id): return "--except leaves \(name(id)) where it is"
        }
    }

    /// What would help one domain, and may help others alike; nil for other constraints.
    func help(_ constraint: Relaxation) -> (domain: String, remedy: String)? {
        let (id, remedy): (DomainID, String?)
        switch constraint {
        case .hold(let held):
            id = held
            remedy = problem.domainIndex[id].flatMap { mobility.blockers($0).first?.remedy }
        case .platform(let unfit):
            id = unfit
            remedy = problem.domainIndex[id].flatMap { misfit($0)?.remedy }
        case .runs, .supply, .domainLimit, .group, .policyGroup, .ban, .fence, .pin, .exclusion,
            .maintenance, .fault, .forbidden, .spareRoom, .to, .notTo, .except:
            return nil
        }
        return remedy.map { (name(id), $0) }
    }

    /// What a change asks of the operator.
    func remedyText(_ change: ConflictSearch.Change) -> String {
        switch change.constraint {
        case .runs(let id):
            if let way = wayDown(id) { return way }
            let manager = problem.domainIndex[id].flatMap { problem.domains[$0].facts.manager }
            let with = manager.map { " with \($0.name)" } ?? ""
            return "shut \(name(id)) down\(with)\(twins(id)) for the \(goal)"
        case .hold(let id), .platform(let id):
            return help(change.constraint).map { "\($0.domain): \($0.remedy)" }
                ?? "\(name(id)): remove what keeps it"
        case .supply(let supply, let hosts):
            let amount = change.amount.map { "\(text(supply, $0.count)) more" } ?? "more"
            if case .pages(let size) = supply, hosts.count == 1, let pages = change.amount {
                return "free or reserve \(pages.count / size.count) huge pages of \(size) on "
                    + "\(hosts[0])"
            }
            if hosts.count == 1, let freed = change.amount {
                return "free \(text(supply, freed.count)) on \(hosts[0])"
            }
            return "give \(Self.list(hosts.map(\.rawValue))) \(amount)"
        case .domainLimit: return "ignore maxDomainsPerHost during the \(goal)"
        case .group(let name, let isApart):
            return isApart
                ? "ignore group '\(name)' during the \(goal)"
                : "allow group '\(name)' to be spread during the \(goal)"
        case .policyGroup(let index, let isApart):
            let name = isApart ? policy.antiAffinity[index].name : policy.affinity[index].name
            return isApart
                ? "ignore group '\(name)' during the \(goal)"
                : "allow group '\(name)' to be spread during the \(goal)"
        case .ban(let index):
            return "allow \(text(policy.ban[index], "on")) during the \(goal) (the policy bans it)"
        case .fence(let index):
            let domains = Self.list(policy.fence[index].domains.map(\.text))
            return "allow \(domains) outside its fence during the \(goal)"
        case .pin(let index): return "remove the policy's pin of \(policy.pin[index])"
        case .exclusion(let index):
            return "remove the policy's exclusion of \(policy.exclude[index])"
        case .maintenance(let name): return "kvmbalance hosts enable \(name)"
        case .fault(let name): return "bring \(name) back (kvmbalance hosts check \(name))"
        case .forbidden: return "allow the targets that were ruled out"
        case .spareRoom: return "switch off N+1 for the \(goal) (nPlusOne: off)"
        case .to:
            return request.wishes.to.count == 1
                ? "leave out --to, so that the planner chooses the host"
                : "leave out --to, so that any host may be chosen"
        case .notTo(let name): return "leave out --not-to \(name.rawValue.quotedForShell)"
        case .except(let id): return "leave out --except \(name(id).quotedForShell)"
        }
    }

    static func list(_ names: [String]) -> String {
        names.count <= 4
            ? names.joined(separator: ", ")
            : names.prefix(3).joined(separator: ", ") + " and \(names.count - 3) more"
    }

    /// Of a guest that has crashed: what is to be done with it.
    private func wayDown(_ id: DomainID) -> String? {
        guard let index = problem.domainIndex[id], problem.domains[index].facts.state == .crashed
        else { return nil }
        return mobility.blockers(index).first { $0.reason == .state }
            .map { "\(name(id)): \($0.remedy)" }
    }

    /// Its host, where another domain has the same name.
    private func twins(_ id: DomainID) -> String {
        let isShared = problem.domains.contains { $0.name == name(id) && $0.id != id }
        return isShared ? " on \(host(of: id))" : ""
    }

    private func name(_ id: DomainID) -> String {
        problem.domainIndex[id].map { problem.domains[$0].name } ?? id.rawValue
    }

    private func host(of id: DomainID) -> HostName {
        problem.domainIndex[id].map { problem.domains[$0].host } ?? ""
    }

    private func text(_ rule: HostRule, _ joint: String) -> String {
        Self.list(rule.domains.map(\.text)) + " \(joint) " + Self.list(rule.hosts.map(\.text))
    }

    private func group(
        _ name: String, _ members: [Domain], _ scope: String, _ isApart: Bool
    ) -> String {
        "group '\(name)' keeps \(Self.list(members.map(\.name))) "
            + (isApart ? "apart, each on a different \(scope)" : "together on one \(scope)")
    }

    private func text(_ supply: Relaxation.Supply, _ amount: Int64) -> String {
        switch supply {
        case .memory: "\(Bytes(amount)) of memory"
        case .cells: "\(Bytes(amount)) of memory in its NUMA cells"
        case .pages(let size): "\(amount / size.count) huge pages of \(size)"
        }
    }

    /// What is not the host's to give, where others have more of it than is kept for the host.
    private func others(on name: HostName, _ supply: Relaxation.Supply) -> String {
        guard supply == .memory, let host = problem.hostIndex[name].map({ problem.hosts[$0] }),
            let used = host.usedByOthers?.memory,
            used > host.reserve?.memory ?? policy.reserve.memory ?? .zero
        else { return "" }
        return "; beside its guests, \(used) is in use there"
    }

    private func detail(_ supply: Relaxation.Supply, _ hosts: [HostName]) -> String {
        let resources = problem.layout.resources.indices.filter {
            Self.supply(problem.layout.resources[$0]) == supply
        }
        let rows = hosts.compactMap { name -> (name: HostName, index: Int, free: Int64)? in
            guard let host = problem.hostIndex[name] else { return nil }
            let least = resources.map { host * problem.width + $0 }.min {
                problem.limit[$0] - problem.initialLoad[$0]
                    < problem.limit[$1] - problem.initialLoad[$1]
            }
            return least.map {
                (name, $0, max(0, problem.limit[$0] - problem.initialLoad[$0]))
            }
        }
        guard let most = rows.max(by: { $0.free < $1.free }) else { return "" }
        let what = problem.layout.resources[most.index % problem.width]
        if rows.count == 1 {
            return "\(most.name) can give \(what.text(problem.capacity[most.index])), "
                + "\(what.text(most.free)) of it free" + others(on: most.name, supply)
        }
        let sum = rows.reduce(Int64(0)) { $0 + $1.free }
        return "\(rows.count) hosts have \(what.text(sum)) free in all, at most "
            + "\(what.text(most.free)) on one (\(most.name))"
    }
}
