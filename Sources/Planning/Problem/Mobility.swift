import ClusterModel
import PlacementPolicy

/// What in each domain itself, or in its host, keeps it where it is.
struct Mobility {
    private let problem: PlacementProblem
    private let inFlight: [DomainID: MigrationInFlight]
    private let pinned: Set<DomainID>
    private let excepted: Set<DomainID>
    private let seenTwice: Set<DomainID>

    init(_ problem: PlacementProblem, _ snapshot: ClusterSnapshot, _ request: PlanRequest) {
        self.problem = problem
        pinned = Set(request.pinned)
        excepted = Set(request.wishes.except.map(\.domain))
        inFlight = Dictionary(
            firstOf: snapshot.inFlight.map { ($0.domain, $0) })
        var seen: Set<DomainID> = []
        seenTwice = Set(problem.domains.map(\.id).filter { !seen.insert($0).inserted })
    }

    func isMovable(_ domain: Int) -> Bool {
        let facts = problem.domains[domain].facts
        return problem.policy.blockers(of: facts).isEmpty && hold(problem.domains[domain]) == nil
    }

    /// All that keeps a domain where it is; empty when nothing does.
    func blockers(_ domain: Int) -> [Blocker] {
        let it = problem.domains[domain]
        let own = problem.policy.blockers(of: it.facts).map { blocker in
            var blocker = blocker
            blocker.domain = it.name
            return blocker
        }
        guard let hold = hold(it) else { return own }
        return own + [
            Blocker(
                domain: it.name, reason: hold.reason, detail: hold.detail, remedy: hold.remedy,
                job: hold.job)
        ]
    }

    /// The same of a domain, or else what keeps those that it can only move with.
    func blockers(_ domain: Int, among units: MoveUnits) -> [Blocker] {
        let own = blockers(domain)
        let anchors = units.members[units.unit[domain]].filter { !isMovable($0) }
        guard own.isEmpty, !anchors.isEmpty else { return own }
        let names = anchors.map { problem.domains[$0].name }.joined(separator: ", ")
        if anchors.allSatisfy({ excepted.contains(problem.domains[$0].id) }) {
            return [keptBack(domain, by: anchors)]
        }
        return [
            Blocker(
                domain: problem.domains[domain].name, reason: .affinity,
                detail: "an affinity group keeps it with \(names), which cannot leave",
                remedy: "fix what keeps \(names), or drop the group", job: job(of: anchors))
        ]
    }

    /// What is waited for until all of these can leave; nil where something else keeps one.
    private func job(of anchors: [Int]) -> PassingJob? {
        let jobs = anchors.flatMap { blockers($0) }.map(\.job)
        return jobs.contains(nil) ? nil : jobs.compactMap(\.self).first
    }

    /// Of a domain that could move if those that it can only move with were not excepted.
    private func keptBack(_ domain: Int, by anchors: [Int]) -> Blocker {
        let names = anchors.map { problem.domains[$0].name }
        let own = problem.domains[domain].name
        let options = names.map { "--except \($0.quotedForShell)" }.joined(separator: " ")
        return Blocker(
            domain: own, reason: .affinity,
            detail: "an affinity group keeps it with \(names.joined(separator: ", ")), left out "
                + "with --except",
            remedy: "leave out \(options), or let it stay too: --except \(own.quotedForShell)")
    }

    private func hold(_ domain: Domain) -> Misfit? {
        let policy = problem.policy
        if excepted.contains(domain.id) {
            return Misfit(
                reason: .pinned, detail: "it is left out with --except",
                remedy: "leave out --except \(domain.name.quotedForShell)")
        }
        if let migration = inFlight[domain.id] {
            let target = migration.target.map { " to \($0)" } ?? ""
            return Misfit(
                reason: .busy, detail: "a migration\(target) is already under way",
                remedy: "wait for it to end (virsh domjobinfo), then plan again",
                job: PassingJob(.migration))
        }
        if seenTwice.contains(domain.id) {
            return Misfit(
                reason: .state, detail: "it is active on more than one host",
                remedy: "find out which copy is the right one before anything else is done")
        }
        let host = problem.hostIndex[domain.host].map { problem.hosts[$0] }
        if let host, !host.isReachable {
            return Misfit(
                reason: .unreachable,
                detail: "\(host.name) cannot be reached: \(host.fault ?? "it was never read")",
                remedy: "kvmbalance hosts check \(host.name)")
        }
        if domain.facts.isExcluded || policy.exclude.matches(domain.name) {
            let source = domain.facts.isExcluded ? "its metadata excludes" : "the policy excludes"
            return Misfit(
                reason: .excluded, detail: "\(source) it from being moved",
                remedy: "remove the exclusion, or move it by hand")
        }
        if let manager = policy.manager(of: domain.facts) {
            return Misfit(
                reason: .managed, detail: "it belongs to \(manager.name) (\(manager.sign))",
                remedy: "move it with \(manager.name), which may start it elsewhere when it misses "
                    + "it; or name it under 'managed' in the policy")
        }
        if domain.facts.isPinned || policy.pin.matches(domain.name) || pinned.contains(domain.id) {
            let source =
                domain.facts.isPinned
                ? "its metadata pins"
                : pinned.contains(domain.id) ? "this plan pins" : "the policy pins"
            return Misfit(
                reason: .pinned, detail: "\(source) it to its host",
                remedy: "remove the pin, or shut it down for the maintenance")
        }
        return stateHold(domain)
    }

    /// Only what runs, or is off for good, can be moved.
    private func stateHold(_ domain: Domain) -> Misfit? {
        switch domain.facts.state {
        case .running, .blocked, .paused, .suspended: return nil
        case .shutOff where problem.policy.movesDefinition(of: domain.facts): return nil
        case .crashed:
            return Misfit(
                reason: .state,
                detail: "it has crashed, and its QEMU was kept with its memory (on_crash=preserve)",
                remedy: "end it (virsh destroy '\(domain.name)') or start it again (virsh reset "
                    + "'\(domain.name)'), then plan again")
        case .shuttingDown, .shutOff:
            let words = domain.facts.state == .shutOff ? "shut off" : "shutting down"
            return Misfit(
                reason: .state, detail: "it is \(words)",
                remedy: "wait until it has shut down, then plan again")
        case .unknown:
            let name = domain.name.quotedForShell
            return Misfit(
                reason: .state, detail: "libvirt does not say whether it runs",
                remedy: "see what 'virsh domstate --reason \(name)' says, then plan again")
        }
    }
}
