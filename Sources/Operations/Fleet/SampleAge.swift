import ClusterModel
import Persistence
import PlacementPolicy

extension FleetObserver {
    /// Throws when a collector once asked these hosts and does so no more: a timer must not move
    /// guests by what was true yesterday.
    ///
    /// A host that does not answer counts as asked, and a fleet that nobody ever collected is
    /// measured when it is planned for.
    func refuseOldSamples(_ policy: Policy) async throws {
        let moment = now()
        let limit = policy.demand.maxAgeSeconds * 1000
        let asked = Dictionary(
            try await stores.metrics().contacts().map { ($0.host, $0.lastAsked) },
            uniquingKeysWith: { first, _ in first })
        let old = hosts.names.compactMap { host -> String? in
            guard let last = asked[host] ?? nil else { return nil }
            let age = moment.millisecondsSince(last)
            // A clock that was ahead when they were taken makes them no younger than they are.
            guard age > limit || age < -limit else { return nil }
            return age < 0
                ? "\(host) was last asked at \(last), which is still to come"
                : "\(host) was last asked \(Format.duration(milliseconds: age)) ago"
        }
        guard !old.isEmpty else { return }
        let rest = old.count > 3 ? ", and \(Format.plural(old.count - 3, "host")) more" : ""
        throw CommandError(
            "the samples are too old to plan moves from:  \(old.prefix(3).joined(separator: ", "))"
                + "\(rest); the policy's demand.maxAge is \(Format.duration(milliseconds: limit)). "
                + "Nothing was done. Is the collector running? See: systemctl status "
                + "kvmbalance-collect, or run 'kvmbalance collect'", exit: .failed)
    }
}

extension HostContact {
    /// When the collector last turned to it, with or without an answer.
    fileprivate var lastAsked: Timestamp? {
        [newestSample, newestFailure].compactMap { $0 }.max()
    }
}
