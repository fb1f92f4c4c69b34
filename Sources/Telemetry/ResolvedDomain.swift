import ClusterModel

/// One domain after the reports of all hosts on it were weighed: whose it is, and what stands in
/// the way of moving it.
struct ResolvedDomain {
    private(set) var facts: DomainFacts
    let host: HostName
    private(set) var migration: MigrationInFlight?
    private(set) var warning: String?
    /// Definitions elsewhere that do not run, in sentences with their remedies.
    private(set) var definitions: [String] = []

    /// Takes all reports of one domain, at least one.
    init(_ reports: [ReportedDomain]) {
        let ranked = reports.sorted { $0.claim < $1.claim }
        precondition(!ranked.isEmpty, "a domain that nobody reported")
        let leaving = ranked.first { $0.isLeaving && $0.isCurrent && $0.isOwner }
        let owner = leaving ?? ranked[0]
        facts = owner.facts
        host = owner.host
        let others = ranked.filter { $0.host != owner.host }
        var target = owner.isOwner ? others.first { $0.isArriving && $0.isCurrent } : nil
        if leaving != nil, target == nil {
            // A migration ends between two looks: its source, asked first, still has the guest
            // leaving, and its target has it running. It counts as under way.
            target = others.first { $0.isOwner && $0.isCurrent }
        }
        if leaving != nil || target != nil {
            migration = MigrationInFlight(
                domain: facts.id, source: owner.host, target: target?.host)
        }
        for other in others where other.host != target?.host { weigh(other, against: owner) }
        if owner.isArriving {
            addBlocker(
                .busy, at: owner.host,
                detail: "it is arriving on \(owner.host) by a migration from a host that is not in "
                    + "the fleet file",
                remedy: "wait until the migration is over, or add its source to the fleet file",
                job: PassingJob(.migration))
        }
    }

    private mutating func weigh(_ other: ReportedDomain, against owner: ReportedDomain) {
        if !other.isCurrent {
            // What an unreachable host had last proves nothing: a domain may well have
            // been moved away from it since.
            facts.cautions.append(
                "\(other.host), which is unreachable now, last reported it as "
                    + "\(other.facts.state.rawValue) at \(other.at)")
        } else if other.isOwner {
            addActiveTwice(other, owner: owner)
        } else if owner.isOwner {
            addDefinition(other, owner: owner)
        } else {
            // Neither runs: which of them is right, nobody can tell from here.
            addBlocker(
                .state, at: other.host,
                detail: "\(other.host) has another definition of this domain"
                    + " (\(other.facts.state.rawValue))",
                remedy: "if \(owner.host) has the right one: virsh undefine"
                    + " \(facts.id) on \(other.host)")
        }
    }

    /// What somebody left behind who moved a guest by hand. It keeps the guest from that host
    /// alone, but whoever starts it there starts the guest a second time.
    private mutating func addDefinition(_ other: ReportedDomain, owner: ReportedDomain) {
        facts.otherDefinitions = ((facts.otherDefinitions ?? []) + [other.host]).sorted()
        let starts = other.facts.autostart ? " and starts with its host" : ""
        let found =
            "\(other.host) has another definition of it (\(other.facts.state.rawValue)), which can "
            + "be started beside it\(starts)"
        let remedy =
            "if \(owner.host) has the right one: virsh undefine \(facts.id) on \(other.host)"
        facts.cautions.append("\(found); \(remedy)")
        definitions.append("domain \(facts.name) (\(owner.host)): \(found). \(remedy)")
    }

    private mutating func addActiveTwice(_ other: ReportedDomain, owner: ReportedDomain) {
        let states =
            "\(owner.host) (\(owner.facts.state.rawValue)) and"
            + " \(other.host) (\(other.facts.state.rawValue))"
        addBlocker(
            .state, at: other.host, detail: "it is active on two hosts: \(states)",
            remedy: "find out which copy is the right one before anything else, and stop the other:"
                + " two guests that write to one disk destroy it")
        warning = "domain \(facts.name) (\(facts.id)) is active on two hosts: \(states)"
    }

    private mutating func addBlocker(
        _ reason: Blocker.Reason, at host: HostName, detail: String, remedy: String,
        job: PassingJob? = nil
    ) {
        facts.blockers.append(
            Blocker(
                domain: facts.name, host: host, reason: reason, detail: detail, remedy: remedy,
                job: job))
    }
}
