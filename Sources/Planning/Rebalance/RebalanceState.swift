package import ClusterModel
package import PlacementPolicy

/// What the timer remembers from one observation to the next. A value to be kept in a database:
/// forgotten, every domain could be moved again at once.
package struct RebalanceState: Hashable, Codable, Sendable {
    /// The moves of a domain that still count.
    package struct Moves: Hashable, Codable, Sendable {
        package var count: Int
        package var last: Timestamp
    }

    /// How often the planner was asked for something and found nothing, while nothing had changed.
    package struct BackOff: Hashable, Codable, Sendable {
        /// The hosts that it was asked for.
        package var hosts: [HostName]
        package var count: Int
        package var last: Timestamp
    }

    /// Newest last; by name of the host.
    package private(set) var overloaded: [String: [Bool]] = [:]
    package private(set) var uneven: [Bool] = []
    /// By the domain's UUID.
    package private(set) var moves: [String: Moves] = [:]
    /// Moves of the last hour.
    package private(set) var recent: [Timestamp] = []
    /// Since when no host was overloaded, and nothing was emptied.
    package private(set) var calmSince: Timestamp?
    /// When a host was last out of reach.
    package private(set) var unreachableAt: [String: Timestamp] = [:]
    /// Where each domain was seen last.
    package private(set) var places: [String: HostName] = [:]
    /// When the days ahead were last looked at.
    package private(set) var forecastAt: Timestamp?
    /// When the fleet was last looked at.
    package private(set) var observedAt: Timestamp?
    /// By what was asked for; nil, and not stored, where no plan was ever missing.
    private var backOffs: [String: BackOff]?

    private enum CodingKeys: String, CodingKey {
        case overloaded, uneven, moves, recent, calmSince, places
        case unreachableAt = "awayAt"
        case forecastAt = "aheadAt"
        case observedAt = "lookedAt"
        case backOffs = "vain"
    }

    package init() {}

    // MARK: Looks

    /// The clock was ahead once and was set right: what was noted meanwhile would hold for as long
    /// as it was ahead, which may be years. It counts as none, and what began then begins now.
    private mutating func forgetWhatIsToCome(_ now: Timestamp) {
        moves = moves.filter { $0.value.last <= now }
        recent.removeAll { $0 > now }
        unreachableAt = unreachableAt.mapValues { min($0, now) }
        calmSince = calmSince.map { min($0, now) }
        forecastAt = forecastAt.map { min($0, now) }
    }

    /// Takes in what is seen now. A domain that is elsewhere than it was, though we did not move
    /// it, was moved by someone else: it rests as if we had.
    mutating func note(_ observation: RebalanceObservation, under rules: RebalanceRules) {
        forgetWhatIsToCome(observation.at)
        for host in observation.hosts {
            let name = host.name.rawValue
            if host.isUnreachable { unreachableAt[name] = observation.at }
            guard !host.isUnreachable else { continue }
            overloaded[name, default: []].append(host.excess > 0)
            let extra = (overloaded[name]?.count ?? 0) - rules.looks
            if extra > 0 { overloaded[name]?.removeFirst(extra) }
        }
        observedAt = observation.at
        let known = Set(observation.hosts.map(\.name.rawValue))
        overloaded = overloaded.filter { known.contains($0.key) }
        unreachableAt = unreachableAt.filter { known.contains($0.key) }
        uneven.append(observation.isUneven)
        if uneven.count > rules.looks { uneven.removeFirst(uneven.count - rules.looks) }
        for (domain, host) in observation.places {
            if let before = places[domain.rawValue], before != host {
                count(domain, at: observation.at, under: rules)
            }
        }
        let seen = Dictionary(
            firstOf: observation.places.map { ($0.0.rawValue, $0.1) })
        if seen != places { backOffs = nil }
        places = seen
        moves = moves.filter {
            observation.at.millisecondsSince($0.value.last) < forgets($0.value, rules)
        }
        recent.removeAll { observation.at.millisecondsSince($0) >= 3_600_000 }
        if observation.hosts.contains(where: { $0.excess > 0 && !$0.isUnreachable }) {
            calmSince = nil
        } else if calmSince == nil {
            calmSince = observation.at
        }
    }

    /// We moved it, or are about to.
    package mutating func moved(
        _ domain: DomainID, to host: HostName, at time: Timestamp, under rules: RebalanceRules
    ) {
        count(domain, at: time, under: rules)
        places[domain.rawValue] = host
        recent.append(time)
        backOffs = nil
    }

    /// The planner found nothing for these hosts. Gives how often that was so, and until when it is
    /// not asked again if nothing changes.
    mutating func noteNoPlan(
        for aim: PlanPurpose.Aim, _ hosts: [HostName], at time: Timestamp
    ) -> (count: Int, until: Timestamp) {
        let before = backOffs?[aim.rawValue].flatMap { $0.hosts == hosts ? $0 : nil }
        let entry = BackOff(hosts: hosts, count: (before?.count ?? 0) + 1, last: time)
        backOffs = (backOffs ?? [:]).merging([aim.rawValue: entry]) { $1 }
        return (entry.count, time.advanced(byMilliseconds: Self.backOffTime(after: entry.count)))
    }

    mutating func emptied(at time: Timestamp) { calmSince = time }
    mutating func noteForecast(at time: Timestamp) { forecastAt = time }

    private mutating func count(
        _ domain: DomainID, at time: Timestamp, under rules: RebalanceRules
    ) {
        var entry = moves[domain.rawValue] ?? Moves(count: 0, last: time)
        if time.millisecondsSince(entry.last) >= forgets(entry, rules) { entry.count = 0 }
        entry.count += 1
        entry.last = time
        moves[domain.rawValue] = entry
    }

    // MARK: Answers

    /// Longer ago than this is no observation any more.
    private static let longestObservation: Int64 = 900_000

    /// From when on the next observation takes the mean: from the last one, as far as it is not too
    /// long ago and samples are not too old. Between two looks nothing is then missed, or seen
    /// twice.
    package func observationStart(at now: Timestamp, under policy: Policy) -> Timestamp {
        let most = min(Self.longestObservation, policy.demand.maxAgeSeconds * 1000)
        let since = observedAt.map { now.millisecondsSince($0) } ?? most
        return now.advanced(byMilliseconds: -(since > 0 ? min(since, most) : most))
    }

    /// How long a domain with these moves rests: twice as long with each move, up to the most.
    static func rest(after count: Int, _ rules: RebalanceRules) -> Int64 {
        var rest = rules.restSeconds
        for _ in 1..<max(1, count) where rest < rules.restAtMostSeconds { rest *= 2 }
        return min(rest, rules.restAtMostSeconds) * 1000
    }

    /// The back-off after this many attempts without a plan: 5 minutes, and twice as long
    /// after each, up to an hour. Loads change, even if nothing else does.
    static func backOffTime(after count: Int) -> Int64 {
        min(3_600_000, 300_000 << Int64(min(10, max(0, count - 1))))
    }

    /// The back-off that still holds for the same hosts.
    func backOff(_ aim: PlanPurpose.Aim, _ hosts: [HostName], at time: Timestamp) -> BackOff? {
        guard let entry = backOffs?[aim.rawValue], entry.hosts == hosts else { return nil }
        // A clock that went back must not keep it waiting.
        let elapsed = time.millisecondsSince(entry.last)
        return (0..<Self.backOffTime(after: entry.count)).contains(elapsed) ? entry : nil
    }

    private func forgets(_ entry: Moves, _ rules: RebalanceRules) -> Int64 {
        2 * Self.rest(after: entry.count, rules)
    }

    /// Does it rest from its last move?
    package func rests(_ domain: DomainID, at time: Timestamp, _ rules: RebalanceRules) -> Bool {
        guard let entry = moves[domain.rawValue] else { return false }
        return (0..<Self.rest(after: entry.count, rules))
            .contains(time.millisecondsSince(entry.last))
    }

    /// Was a host overloaded in enough of the last looks, and in the last one?
    func isSustained(_ host: HostName, _ rules: RebalanceRules) -> Bool {
        guard let looks = overloaded[host.rawValue], looks.last == true else { return false }
        return looks.count(where: \.self) >= rules.held
    }

    func isImbalanceSustained(_ rules: RebalanceRules) -> Bool {
        uneven.last == true && uneven.count(where: \.self) >= rules.held
    }

    /// Has a host that was out of reach answered for long enough?
    func hasAnsweredForLong(_ host: HostName, at time: Timestamp, _ rules: RebalanceRules) -> Bool {
        unreachableAt[host.rawValue].map {
            time.millisecondsSince($0) >= rules.settleSeconds * 1000
        }
            ?? true
    }
}
