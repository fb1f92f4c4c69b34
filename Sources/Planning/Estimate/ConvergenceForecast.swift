import ClusterModel
import PlacementPolicy

/// Tells before a move whether its migration will come to an end, from how the guest was measured
/// to rewrite its memory and from what the links carry.
enum ConvergenceForecast {
    /// Measured rates come from few samples: only one that would not converge at this many
    /// thousandths of them is kept from moving.
    private static let surePermille: Int64 = 700
    /// What of it is written in plans; the options are those of virsh.
    private static let remedies =
        "let the policy slow it down (migration.auto-converge: true), switch over early "
        + "(whenStuck: post-copy) or pause it for the rest (whenStuck: suspend), give it more "
        + "bandwidth or a longer downtime (max-downtime), or move it when it is less busy"

    /// The same world, in which the domains are blocked that no link could carry away under a
    /// policy that stops what does not converge. Those that nobody measured are left alone, and so
    /// are those that are blocked for this already.
    static func blocking(in snapshot: ClusterSnapshot, under policy: Policy) -> ClusterSnapshot {
        guard policy.migration.stuckRule == .abort, !policy.migration.postcopy,
            snapshot.domains.contains(where: { $0.dirtyRates != nil })
        else { return snapshot }
        var links = WidestLinks(snapshot, policy.migration)
        let domains = snapshot.domains.map { domain in
            guard let dirtyRates = domain.dirtyRates, domain.facts.state == .running,
                !domain.facts.blockers.contains(where: { $0.reason == .convergence }),
                let link = links.link(from: domain.host)
            else { return domain }
            let model = PrecopyModel(
                memory: links.memoryToSend(of: domain),
                dirtyRates: dirtyRates.scaled(byPermille: surePermille), rate: link.first,
                widest: link.widest, fit: link.fit, options: policy.migration)
            guard model.ending == .never else { return domain }
            var domain = domain
            domain.facts.blockers.append(
                Blocker(
                    domain: domain.name, reason: .convergence,
                    detail: "its migration would not end: \(figures(dirtyRates, link.widest))",
                    remedy: remedies))
            return domain
        }
        return ClusterSnapshot(
            snapshot, hosts: snapshot.hosts, domains: domains, inFlight: snapshot.inFlight)
    }

    /// What deserves to be known of how a step's migration ends; nil when it just does.
    static func caution(
        _ prediction: StepPrediction, rate: Int64, options: MigrationOptions
    ) -> String? {
        guard let dirtyRates = prediction.dirtyRates else { return nil }
        let figures = figures(dirtyRates, rate)
        let pause = (prediction.downtime.low + prediction.downtime.high) / 2
        switch prediction.ending {
        case .converges: return nil
        case .postcopy where options.postcopy: return nil
        case .longerPause: return "it needs a downtime of about \(pause) ms: \(figures)"
        case .throttled: return "auto-converge will slow it down: \(figures)"
        case .postcopy: return "it will end in post-copy: \(figures)"
        case .suspended: return "it will be paused for about \(pause / 1000) s: \(figures)"
        case .never:
            let end =
                options.stuckRule == .wait ? "would go on until its time limit" : "will be stopped"
            return "its migration does not converge and \(end): \(figures); \(remedies)"
        }
    }

    /// `it rewrites 64 MiB within 1 s and 3 MiB/s beyond them, and 19.5 MiB/s can be sent`.
    private static func figures(_ dirtyRates: DirtyRates, _ rate: Int64) -> String {
        let tenths = dirtyRates.hotMilliseconds / 100
        let time = tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
        return
            "it rewrites \(dirtyRates.hotSet) within \(time) and \(dirtyRates.coldRate)/s beyond "
            + "that, and \(Bytes(rate))/s can be sent"
    }
}
