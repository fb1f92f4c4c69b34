package import ClusterModel

/// How a domain may move, besides live with its memory alone.
extension Policy {
    /// May its local disks be copied while it runs, and how much of them?
    package func storageCopy(of domain: String) -> StorageCopy? {
        if Self.names(migration.copyStorageAll, domain) { return .all }
        return Self.names(migration.copyStorageInc, domain) ? .topLayer : nil
    }

    /// May it be moved cold?
    package func coldMove(of facts: DomainFacts) -> ColdMove {
        guard Self.names(migration.offline, facts.name) else {
            return coldUnmovable.contains(facts.id) ? .whereNeeded : .never
        }
        return migration.prefersLive == true ? .whereNeeded : .always
    }

    /// What a drain does with it where it cannot be moved: its metadata first, then the first rule
    /// that names it.
    package func unmovableAction(of facts: DomainFacts) -> UnmovableAction {
        let rules = migration.unmovable
        if let own = facts.unmovable, rules?.ignoresMetadata != true { return own }
        let named = rules?.rules.first { Self.names($0.domains, facts.name) }
        return named?.action ?? rules?.others ?? .stay
    }

    /// Does a domain that is not running move by its definition?
    package func movesDefinition(of facts: DomainFacts) -> Bool {
        facts.state == .shutOff && facts.isPersistent && !facts.hasManagedSave
            && Self.names(migration.offline, facts.name)
    }

    /// What forbids it to move in the way that the policy allows: a cold move needs less.
    package func blockers(of facts: DomainFacts) -> [Blocker] {
        guard coldMove(of: facts) != .never else { return facts.blockers }
        let lasting =
            facts.blockers.filter { !$0.reason.endsWithShutdown } + coldBlockers(of: facts)
        switch coldMove(of: facts) {
        case .always: return lasting
        // One that does not run cannot move live.
        case .whereNeeded: return facts.blockers.isEmpty && facts.state.isActive ? [] : lasting
        case .never: return facts.blockers
        }
    }

    /// What forbids to move it cold.
    package func coldBlockers(of facts: DomainFacts) -> [Blocker] {
        guard facts.isPersistent else {
            return [
                Blocker(
                    domain: facts.name, reason: .state,
                    detail: "it is transient: once shut down it would be gone",
                    remedy: "define it (virsh dumpxml, virsh define), or move it live")
            ]
        }
        // While it is down on one host, it could be started on another.
        let orLive = facts.state.isActive ? "; or move it live" : ""
        return (facts.coldBlockers ?? [])
            + (facts.otherDefinitions ?? []).map { host in
                Blocker(
                    domain: facts.name, host: host, reason: .state,
                    detail: "\(host) has another definition of it, which could be started while "
                        + "it is down",
                    remedy: "if it is out of date: virsh undefine \(facts.id) on \(host)\(orLive)")
            }
    }

    private static func names(_ patterns: [String]?, _ domain: String) -> Bool {
        patterns?.contains { NamePattern($0).matches(domain) } ?? false
    }
}

/// How much of a local disk is copied.
package enum StorageCopy: Hashable, Sendable {
    case all, topLayer
}

/// Whether a domain may be moved cold.
package enum ColdMove: Hashable, Sendable {
    case never, whereNeeded, always
}
