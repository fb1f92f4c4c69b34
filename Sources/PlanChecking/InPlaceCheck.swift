import ClusterModel
import PlacementPolicy

/// Guests that are stopped or started where they are: only those for which it was asked, which
/// cannot leave, and which can be had back; and nobody is shut down before all others have left.
enum InPlaceCheck {
    /// The world that the migrations of a plan are judged in: who is stopped needs no other host,
    /// and who is started has its room from the beginning.
    static func world(_ plan: MigrationPlan, _ snapshot: ClusterSnapshot) -> ClusterSnapshot {
        let steps = plan.inPlaceSteps
        guard !steps.isEmpty else { return snapshot }
        let stopped = Set(steps.filter(\.mode.stopsInPlace).map(\.move.domain))
        let started = Set(steps.filter(\.mode.startsInPlace).map(\.move.domain))
        let domains = snapshot.domains.filter { !stopped.contains($0.id) }.map { domain in
            guard started.contains(domain.id) else { return domain }
            var domain = domain
            domain.facts.state = .running
            return domain
        }
        return ClusterSnapshot(
            snapshot, hosts: snapshot.hosts, domains: domains, inFlight: snapshot.inFlight)
    }

    static func violations(_ whole: CheckedCase, migrations: CheckedCase) -> [Violation] {
        let steps = whole.plan.inPlaceSteps
        guard !steps.isEmpty else { return [] }
        let own = steps.flatMap { step in
            faults(of: step, whole).map {
                Violation(.inPlace, step: step.id, host: step.move.source, $0)
            }
        }
        return own + order(whole) + crowded(migrations, steps)
    }

    private static func faults(of step: Step, _ subject: CheckedCase) -> [String] {
        let entries = subject.snapshot.domains.filter { $0.id == step.move.domain }
        let (move, mode) = (step.move, step.mode)
        guard let domain = entries.first(where: { $0.host == move.source }) else {
            return ["\(step.domainName) is not on \(move.source)"]
        }
        var faults: [String] = []
        if domain.name != step.domainName { faults.append("it is called \(domain.name)") }
        if move.source != move.target { faults.append("it is to stay, and leads elsewhere") }
        if subject.plan.steps.count(where: { $0.move.domain == move.domain }) > 1 {
            faults.append("\(domain.name) has another step")
        }
        if subject.hosts[domain.host]?.isReachable != true { faults.append("it is unreachable") }
        if !domain.facts.isPersistent { faults.append("\(domain.name) is transient") }
        if domain.facts.otherDefinitions?.isEmpty == false {
            faults.append("another host has a definition of \(domain.name)")
        }
        return faults
            + (mode.stopsInPlace
                ? stop(domain, mode, subject) : start(domain, mode, entries, subject))
    }

    private static func stop(
        _ domain: Domain, _ mode: Step.Mode, _ subject: CheckedCase
    ) -> [String] {
        let plan = subject.plan
        var faults: [String] = []
        if plan.kind != .drain || !plan.hosts.contains(domain.host) {
            faults.append("\(domain.host) is not drained")
        }
        let asked = action(for: domain.facts, subject.policy)
        if asked.rawValue != mode.rawValue {
            faults.append("\(domain.name) is to \(asked.rawValue), not to \(mode.rawValue)")
        }
        let isUp = domain.facts.state == .running || domain.facts.state == .blocked
        if !isUp, mode == .shutdown || domain.facts.state != .paused {
            faults.append("\(domain.name) is \(domain.facts.state.rawValue)")
        }
        let others = hold(on: domain, subject)
        if let other = others.first { faults.append("\(domain.name): \(other)") }
        let own = domain.facts.blockers
        if let passing = own.first(where: { !$0.reason.isLasting }) {
            faults.append("\(domain.name): \(passing.detail)")
        }
        if mode == .save, let against = own.first(where: { !$0.reason.allowsSaving }) {
            faults.append("\(domain.name) cannot be saved: \(against.detail)")
        }
        if !isUnmovable(domain, subject) { faults.append("\(domain.name) could be moved") }
        return faults
    }

    /// What else keeps our hands off it.
    private static func hold(on domain: Domain, _ subject: CheckedCase) -> [String] {
        var found: [String] = []
        if domain.facts.isExcluded || subject.policy.exclude.matches(domain.name) {
            found.append("excluded")
        }
        if let manager = domain.facts.manager,
            !MobilityCheck.isGivenUp(domain.facts, subject.policy)
        {
            found.append("it belongs to \(manager.name)")
        }
        if subject.inFlight[domain.id] != nil { found.append("a migration of it is under way") }
        if subject.seenTwice.contains(domain.id) { found.append("it is active on two hosts") }
        if subject.plan.wishes.except.contains(where: { $0.domain == domain.id }) {
            found.append("it is to stay (--except)")
        }
        return found
    }

    /// Something in itself keeps it, or every host that is not drained too has something against
    /// it.
    private static func isUnmovable(_ domain: Domain, _ subject: CheckedCase) -> Bool {
        let facts = domain.facts
        if !facts.blockers.isEmpty || facts.isPinned || subject.policy.pin.matches(domain.name) {
            return true
        }
        let others = subject.snapshot.hosts.filter {
            $0.name != domain.host && !subject.plan.hosts.contains($0.name)
        }
        guard let from = subject.hosts[domain.host], !others.isEmpty else { return false }
        let mayCopy =
            subject.policy.migration.copyStorageAll.map { patterns in
                patterns.map { NamePattern($0) }.matches(domain.name)
            } ?? false
        return others.allSatisfy { to in
            guard to.facts != nil else { return false }
            var step = Step(
                id: StepID(1), domainName: domain.name,
                move: Move(domain: domain.id, source: from.name, target: to.name))
            step.copies = mayCopy ? facts.disks.map(\.target) : []
            return !CompatibilityCheck.reasons(domain, from, to, subject.policy, step: step).isEmpty
                || !CompatibilityCheck.width(facts, from.facts, to.facts, subject.policy).isEmpty
        }
    }

    private static func start(
        _ domain: Domain, _ mode: Step.Mode, _ entries: [Domain], _ subject: CheckedCase
    ) -> [String] {
        var faults: [String] = []
        let plan = subject.plan
        let isBack = plan.kind == .return || plan.kind == .rollback
        if !isBack || !plan.hosts.contains(domain.host) {
            faults.append("nobody is to come back to \(domain.host)")
        }
        if entries.contains(where: { $0.facts.state.isActive }) {
            faults.append("\(domain.name) runs")
        }
        if domain.facts.state != .shutOff {
            faults.append("\(domain.name) is \(domain.facts.state.rawValue)")
        }
        if domain.facts.hasManagedSave != (mode == .restore) {
            faults.append(
                mode == .restore
                    ? "\(domain.name) has no saved memory" : "\(domain.name) has saved memory")
        }
        return faults
    }

    /// May it move cold, although no list names it, because it cannot move otherwise?
    static func mayBeCold(_ domain: Domain, _ subject: CheckedCase) -> Bool {
        guard domain.facts.state.isActive, action(for: domain.facts, subject.policy) == .cold else {
            return false
        }
        switch subject.plan.kind {
        case .drain: return isUnmovable(domain, subject)
        case .return, .rollback: return true
        case .move, .balance, .consolidate: return false
        }
    }

    /// What a drain does with a guest that cannot be moved.
    private static func action(for facts: DomainFacts, _ policy: Policy) -> UnmovableAction {
        let rules = policy.migration.unmovable
        if rules?.ignoresMetadata != true, let own = facts.unmovable { return own }
        for rule in rules?.rules ?? []
        where rule.domains.map({ NamePattern($0) }).matches(facts.name) {
            return rule.action
        }
        return rules?.others ?? .stay
    }

    /// A drain that fails half-way has shut down nobody.
    private static func order(_ subject: CheckedCase) -> [Violation] {
        let migrations = Set(subject.plan.migrationSteps.map(\.id))
        let inPlace = Set(subject.plan.inPlaceSteps.map(\.id))
        let early = subject.plan.inPlaceSteps.filter { step in
            step.mode.stopsInPlace && !migrations.isSubset(of: subject.ancestors(of: step))
        }
        let waiting = subject.plan.migrationSteps.filter { step in
            !inPlace.isDisjoint(with: subject.ancestors(of: step))
        }
        return early.map {
            Violation(
                .inPlace, step: $0.id,
                "\($0.domainName) is stopped before all that move have left")
        }
            + waiting.map {
                Violation(.inPlace, step: $0.id, "it waits for a guest that does not move")
            }
    }

    /// Where guests are started there is memory for all that run then.
    private static func crowded(_ subject: CheckedCase, _ steps: [Step]) -> [Violation] {
        let started = Set(steps.filter(\.mode.startsInPlace).map(\.move.domain))
        let hosts = Set(steps.filter(\.mode.startsInPlace).map(\.move.source))
        return hosts.sorted().compactMap { name in
            guard let host = subject.hosts[name] else { return nil }
            let own = subject.active.filter { $0.host == name && $0.facts.hugePages == nil }
            let used = own.reduce(Int64(0)) {
                $0 + subject.policy.memoryDemand(of: $1.facts).count
            }
            let usable = subject.policy.usableMemory(of: host).count
            guard used > usable, own.contains(where: { started.contains($0.id) }) else {
                return nil
            }
            return Violation(
                .capacity, host: name,
                "\(Bytes(used)) of memory with the guests that are started, "
                    + "of \(Bytes(usable))")
        }
    }
}

extension MigrationPlan {
    /// The same plan with its migrations alone.
    var withoutInPlace: MigrationPlan {
        guard steps.contains(where: \.mode.isInPlace) else { return self }
        var plan = self
        plan.steps = migrationSteps
        return plan
    }
}
