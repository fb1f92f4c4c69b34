import ClusterModel
import PlacementPolicy

/// Tells before a move whether its migration will come to an end, from how the guest was measured
/// to rewrite its memory and from what the links carry.
enum ConvergenceForecast {
    /// Measured rates come from few samples: only one that would not converge at so many
    /// thousandths of them is kept from moving.
    private static let surePermille: Int64 = 700
    /// What of it is written in plans; the options are those of virsh.
    private static let remedies =
        "let the policy slow it down (migration.auto-converge: true), switch over first "
        + "(when-stuck: post-copy) or stop it for the rest (when-stuck: suspend), give it more "
        + "bandwidth or a longer pause (max-downtime), or move it when it is less busy"

    /// The same world, in which the domains are blocked that no link could carry away under a
    /// policy that stops what does not converge. Those that nobody measured are left alone, and so
    /// are those that are blocked for this already.
    static func blocking(in snapshot: ClusterSnapshot, under policy: Policy) -> ClusterSnapshot {
        guard policy.migration.stuckRule == .abort, !policy.migration.postcopy,
            snapshot.domains.contains(where: { $0.dirtying != nil })
        else { return snapshot }
        var ways = WidestWays(snapshot, policy.migration)
        let domains = snapshot.domains.map { domain in
            guard let dirtying = domain.dirtying, domain.facts.state == .running,
                !domain.facts.blockers.contains(where: { $0.reason == .convergence }),
                let way = ways.way(from: domain.host)
            else { return domain }
            let model = PrecopyModel(
                memory: ways.memoryToSend(of: domain),
                dirtying: dirtying.scaled(byPermille: surePermille), rate: way.first,
                widest: way.widest, fit: way.fit, options: policy.migration)
            guard model.ending == .never else { return domain }
            var domain = domain
            domain.facts.blockers.append(
                Blocker(
                    domain: domain.name, reason: .convergence,
                    detail: "its migration would not end: \(figures(dirtying, way.widest))",
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
        guard let dirtying = prediction.dirtying else { return nil }
        let figures = figures(dirtying, rate)
        let pause = (prediction.downtime.low + prediction.downtime.high) / 2
        switch prediction.ending {
        case .converges: return nil
        case .postcopy where options.postcopy: return nil
        case .longerPause: return "it needs a pause of about \(pause) ms: \(figures)"
        case .throttled: return "auto-converge will slow it down: \(figures)"
        case .postcopy: return "it will end in post-copy: \(figures)"
        case .suspended: return "it will stand still for about \(pause / 1000) s: \(figures)"
        case .never:
            let end =
                options.stuckRule == .wait ? "would go on until its time limit" : "will be stopped"
            return "its migration does not converge and \(end): \(figures); \(remedies)"
        }
    }

    /// `it rewrites 64 MiB within 1 s and 3 MiB/s beyond them, and 19.5 MiB/s can be sent`.
    private static func figures(_ dirtying: Dirtying, _ rate: Int64) -> String {
        let tenths = dirtying.hotMilliseconds / 100
        let time = tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
        return "it rewrites \(dirtying.hotSet) within \(time) and \(dirtying.coldRate)/s beyond "
            + "that, and \(Bytes(rate))/s can be sent"
    }
}
