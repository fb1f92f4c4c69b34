package import ClusterModel
package import PlacementPolicy

/// A fleet and what its domains will ask for: everything that a replay needs and a policy does not
/// see.
package struct ReplayWorld: Sendable {
    /// Hosts, and each domain with its facts on the host where it is at the start. In the
    /// snapshot's order, which is the order of numbers in a replay.
    package var base: ClusterSnapshot
    /// One series for each domain of `base`, in its order.
    package var history: DemandHistory
    package var curves: [HostName: PowerCurve]
    package var events: [ReplayEvent]

    /// The series may be in any order; a domain without one is an error of the caller.
    package init(
        base: ClusterSnapshot, history: DemandHistory, curves: [HostName: PowerCurve] = [:],
        events: [ReplayEvent] = []
    ) {
        let place = Dictionary(
            firstOf: history.domains.enumerated().map { ($1, $0) })
        let order = base.domains.map { domain in
            guard let number = place[domain.id] else {
                preconditionFailure("no series for \(domain.name)")
            }
            return number
        }
        self.base = base
        self.curves = curves
        self.events = events
        if order == Array(history.domains.indices) {
            self.history = history
        } else {
            let all = 0..<history.intervals
            self.history = DemandHistory(
                start: history.start, intervalMilliseconds: history.intervalMilliseconds,
                intervals: history.intervals, domains: base.domains.map(\.id),
                cpu: order.flatMap { history.values($0, all) })
        }
    }
}

/// Something that changes a fleet at a moment of a replay.
package struct ReplayEvent: Hashable, Sendable {
    /// What happens.
    package enum Kind: String, Hashable, Sendable {
        /// The host is gone, and what ran on it is down.
        case lost
        /// The operator wants it empty.
        case drain
        /// It is there from now on.
        case added
        /// It does not answer for a while; its domains go on.
        case away, back
    }

    package var at: Timestamp
    package var host: HostName
    package var kind: Kind

    package init(at: Timestamp, host: HostName, kind: Kind) {
        self.at = at
        self.host = host
        self.kind = kind
    }
}
