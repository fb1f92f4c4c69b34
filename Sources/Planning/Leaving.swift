import ClusterModel
import PlacementPolicy

/// Who is to leave its host, as far as a request names them: all on the hosts to be drained but the
/// excepted ones, or the domains of a move.
struct Leaving {
    /// The only hosts that a domain may end on, and what says so.
    struct Confinement {
        var hosts: Set<Int>
        var detail: String
        var remedy: String

        /// What stands against a host.
        func misfit(_ host: Int) -> Misfit? {
            hosts.contains(host) ? nil : Misfit(reason: .ban, detail: detail, remedy: remedy)
        }
    }

    /// Dense indices, ascending.
    private(set) var domains: [Int] = []
    private(set) var confined: [Int: Confinement] = [:]
    /// Those of a move that are where they were asked to be, and make room for nobody.
    private(set) var settled: [Int] = []
    /// What stands against those of which nothing can be planned.
    private(set) var blockers: [Blocker] = []
    /// Why others that were named stay.
    private var list = NoteList()

    var notes: [PlanNote] { list.notes }

    init(
        _ request: PlanRequest, _ problem: PlacementProblem, _ snapshot: ClusterSnapshot
    ) {
        switch request.goal {
        case .drain(let hosts, _): drain(Set(hosts), request.wishes, problem, snapshot)
        case .move: move(request.wishes, problem, snapshot)
        case .return, .moves, .balance, .consolidate: break
        }
        let to = request.wishes.to
        guard !to.isEmpty else { return }
        let names = to.map(\.rawValue).joined(separator: ", ")
        let confinement = Confinement(
            hosts: Set(to.compactMap { problem.hostIndex[$0] }),
            detail: "--to names \(names) and not this host",
            remedy: "leave out --to, or name this host with it")
        for domain in domains where confined[domain] == nil { confined[domain] = confinement }
    }

    private mutating func drain(
        _ hosts: Set<HostName>, _ wishes: PlanWishes, _ problem: PlacementProblem,
        _ snapshot: ClusterSnapshot
    ) {
        let excepted = Set(wishes.except.map(\.domain))
        // A rolling reboot asks this of each host: domains are dear to copy, their indices are not.
        let drained = Set(hosts.compactMap { problem.hostIndex[$0] })
        domains = problem.domains.indices.filter {
            drained.contains(problem.origin[$0])
                && (excepted.isEmpty || !excepted.contains(problem.domains[$0].id))
        }
        guard !excepted.isEmpty else { return }
        for domain in snapshot.domains
        where excepted.contains(domain.id) && hosts.contains(domain.host) {
            list.add(
                domain.name, "left out with --except, so \(domain.host) is not empty afterwards")
        }
    }

    private mutating func move(
        _ wishes: PlanWishes, _ problem: PlacementProblem, _ snapshot: ClusterSnapshot
    ) {
        for wished in wishes.moves {
            let seen = snapshot.domains.filter { $0.id == wished.domain }
            guard let domain = seen.first(where: { $0.facts.state.isActive }) ?? seen.first else {
                blockers.append(
                    Blocker(
                        domain: wished.name, reason: .state,
                        detail: "no host has it any longer",
                        remedy: "kvmbalance status shows which domains run where"))
                continue
            }
            if wishes.isMet(for: wished, on: domain.host) {
                let left = "it has left \(wished.host) and is on \(domain.host)"
                list.add(
                    domain.name, wishes.to.isEmpty ? left : "it is on \(domain.host) already")
                guard let index = problem.domainIndex[domain.id] else { continue }
                settled.append(index)
                follow(index, from: wished.host, problem)
            } else if let index = problem.domainIndex[domain.id] {
                domains.append(index)
            } else {
                blockers.append(Self.doesNotRun(domain, wishes, snapshot))
            }
        }
        domains = Set(domains).sorted()
    }

    /// Of a run that goes on: who was to move with a domain that has moved already, and is where it
    /// was, follows it.
    private mutating func follow(
        _ settled: Int, from host: HostName, _ problem: PlacementProblem
    ) {
        guard let old = problem.hostIndex[host], problem.origin[settled] != old else { return }
        let new = problem.origin[settled]
        for index in problem.groupsOfDomain[settled] {
            let group = problem.groups[index]
            guard case .together = group.kind, case .host = group.scope,
                group.members.allSatisfy({ [old, new].contains(problem.origin[$0]) })
            else { continue }
            for member in group.members where problem.origin[member] == old {
                domains.append(member)
                confined[member] = Confinement(
                    hosts: [new],
                    detail: "\(problem.domains[settled].name) of its group is on "
                        + "\(problem.hosts[new].name) already",
                    remedy: "free room there, or bring the group back: kvmbalance runs list, "
                        + "then kvmbalance runs rollback RUN")
            }
        }
    }

    /// Of one whose definition the policy does not move either.
    private static func doesNotRun(
        _ domain: Domain, _ wishes: PlanWishes, _ snapshot: ClusterSnapshot
    ) -> Blocker {
        let isAlone = !snapshot.domains.contains { $0.name == domain.name && $0.id != domain.id }
        let word = (isAlone ? domain.name : domain.id.rawValue).quotedForShell
        let to = wishes.to.map { " --to \($0.rawValue.quotedForShell)" }.joined()
        let start = "start it (virsh start \(word) on \(domain.host))"
        return Blocker(
            domain: domain.name, host: domain.host, reason: .state,
            detail: domain.facts.hasManagedSave
                ? "its state is saved on \(domain.host) (managed save)"
                : "it does not run on \(domain.host) (\(domain.facts.state.rawValue))",
            remedy: domain.facts.hasManagedSave
                ? "\(start), which restores that, and move it then"
                : "\(start) and move it then, or move its definition: kvmbalance move \(word)"
                    + "\(to) --offline")
    }
}
