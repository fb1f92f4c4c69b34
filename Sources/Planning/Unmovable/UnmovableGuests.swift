import ClusterModel
import PlacementPolicy

/// Guests of hosts to be drained that cannot be moved, whatever is free and whoever is asked, and
/// for which the policy or their metadata has something else than to stay.
///
/// A guest is unmovable where something lasting in itself keeps it, or where every other host has
/// something lasting against it. What is full, closed, out of reach or has just failed is nothing
/// lasting: nobody is shut down because a migration went wrong.
struct UnmovableGuests {
    /// One that is stopped where it is.
    struct Stop {
        var domain: Domain
        var mode: Step.Mode
        /// What keeps it from moving.
        var blockers: [Blocker]
    }

    private(set) var stops: [Stop] = []
    /// Those that move cold.
    private(set) var cold: Set<DomainID> = []
    /// Why others are not stopped, although that was asked for.
    private(set) var refusals: [Blocker] = []

    init(_ request: PlanRequest, _ snapshot: ClusterSnapshot, under policy: Policy) {
        guard case .drain(let hosts, _) = request.goal else { return }
        let drained = Set(hosts)
        // Who was started again since was started by somebody: it is not stopped a second time.
        let left = Set(
            request.stopped + request.pinned + request.wishes.except.map(\.domain))
        let asked = snapshot.domains.filter { domain in
            drained.contains(domain.host) && domain.facts.state.isActive
                && policy.unmovableAction(of: domain.facts) != .stay
                && !left.contains(domain.id)
                && !request.forbidden.contains(ForbiddenTarget(domain.id, domain.host))
        }
        guard !asked.isEmpty else { return }
        let problem = PlacementProblem(snapshot, under: policy, cpu: .boundless)
        let compatibility = Compatibility(problem)
        let mobility = Mobility(problem, snapshot, request)
        let others = problem.hosts.indices.filter { !drained.contains(problem.hosts[$0].name) }
        for domain in asked {
            guard let index = problem.domainIndex[domain.id],
                let blockers = Self.lasting(index, others, compatibility, mobility, problem)
            else { continue }
            add(domain, blockers, own: mobility.blockers(index), policy)
        }
    }

    /// What keeps it where it is for good; nil where it could move, or where something else keeps
    /// it.
    private static func lasting(
        _ domain: Int, _ others: [Int], _ compatibility: Compatibility, _ mobility: Mobility,
        _ problem: PlacementProblem
    ) -> [Blocker]? {
        // How busy it is says nothing of a guest that does not migrate.
        let own = mobility.blockers(domain).filter { $0.reason != .convergence }
        guard own.allSatisfy(\.reason.isLasting) else { return nil }
        guard own.isEmpty else { return own }
        let source = problem.origin[domain]
        var found: [Blocker] = []
        for target in others where target != source {
            guard
                let blocker = compatibility.lastingBlocker(domain, from: source, to: target),
                blocker.reason.isLasting
            else { return nil }
            found.append(blocker)
        }
        return found.isEmpty ? nil : found
    }

    private mutating func add(
        _ domain: Domain, _ blockers: [Blocker], own: [Blocker], _ policy: Policy
    ) {
        switch policy.unmovableAction(of: domain.facts) {
        case .stay: break
        case .cold: cold.insert(domain.id)
        case .shutdown: add(domain, .shutdown, blockers, own)
        case .save: add(domain, .save, blockers, own)
        }
    }

    private mutating func add(
        _ domain: Domain, _ mode: Step.Mode, _ blockers: [Blocker], _ own: [Blocker]
    ) {
        if let refusal = Self.refusal(of: mode, for: domain, own) {
            refusals.append(refusal)
        } else {
            stops.append(Stop(domain: domain, mode: mode, blockers: blockers))
        }
    }

    /// Why it cannot be stopped in this way and be had back; nil where it can.
    private static func refusal(
        of mode: Step.Mode, for domain: Domain, _ own: [Blocker]
    ) -> Blocker? {
        let facts = domain.facts
        let name = facts.name.quotedForShell
        let refuse = { (reason: Blocker.Reason, detail: String, remedy: String) in
            Blocker(
                domain: facts.name, host: domain.host, reason: reason, detail: detail,
                remedy: remedy)
        }
        if !facts.isPersistent {
            return refuse(
                .state, "it is transient: once it is down it would be gone",
                "define it (virsh dumpxml, virsh define)")
        }
        if let other = facts.otherDefinitions?.first {
            return refuse(
                .state,
                "\(other) has another definition of it, which could be started while it "
                    + "is down", "if it is out of date: virsh undefine \(facts.id) on \(other)")
        }
        switch mode {
        case .save where facts.state == .suspended:
            return refuse(
                .state, "it sleeps, and libvirt does not save the memory of such a guest",
                "wake it (virsh dompmwakeup \(name))")
        case .save:
            guard let against = own.first(where: { !$0.reason.allowsSaving }) else { break }
            return refuse(
                against.reason, "its memory cannot be saved: \(against.detail)",
                "have it shut down (--unmovable shutdown), or stay (--except \(name))")
        case .shutdown where facts.state == .paused || facts.state == .suspended:
            return refuse(
                .state, "it is \(facts.state.rawValue) and cannot react to a shutdown request",
                "resume it (virsh resume \(name)), or have it saved (--unmovable save)")
        case .shutdown where facts.hasManagedSave:
            return refuse(
                .state, "it has a saved state, from which it would be started",
                "remove that if nobody needs it (virsh managedsave-remove \(name))")
        case .live, .offline, .storage, .shutdown, .start, .restore: break
        }
        return nil
    }

    // MARK: The world without them

    /// Who is stopped stays on its host and needs no other; nothing is sent there meanwhile.
    func leavingOut(_ snapshot: ClusterSnapshot) -> ClusterSnapshot {
        snapshot.without(Set(stops.map(\.domain.id)))
    }

    /// The same policy, with cold moves for those that cannot move otherwise.
    func allowing(_ policy: Policy) -> Policy {
        var policy = policy
        policy.coldUnmovable = cold
        return policy
    }
}

extension ClusterSnapshot {
    /// The same world without those of these domains that do not run.
    func withoutInactive(_ domains: Set<DomainID>) -> ClusterSnapshot {
        without(
            Set(
                self.domains.filter { domains.contains($0.id) && !$0.facts.state.isActive }
                    .map(\.id)))
    }

    /// The same world without these domains.
    func without(_ domains: Set<DomainID>) -> ClusterSnapshot {
        guard !domains.isEmpty else { return self }
        return ClusterSnapshot(
            self, hosts: hosts, domains: self.domains.filter { !domains.contains($0.id) },
            inFlight: inFlight)
    }
}
