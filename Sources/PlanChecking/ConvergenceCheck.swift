import ClusterModel

/// No guest is sent on a live migration that is known never to end, where that would only be
/// stopped: over no link of its host, and however many passes are made.
enum ConvergenceCheck {
    /// Measured rates come from few samples: only this share of them is held against a plan.
    private static let sureShare = 0.7
    /// More than any migration makes.
    private static let passes = 200
    /// The most that QEMU takes from a guest to slow it down.
    private static let throttledShare = 0.01

    static func violations(_ it: CheckedCase) -> [Violation] {
        let options = it.plan.options
        guard options.stuckRule == .abort, !options.postcopy else { return [] }
        return it.plan.steps.filter { $0.mode != .offline }.compactMap { step in
            guard let domain = it.domains[step.move.domain], let dirtying = domain.dirtying,
                domain.facts.state == .running
            else { return nil }
            let ways = ways(from: domain.host, it)
            guard !ways.isEmpty, ways.allSatisfy({ !ends(domain, dirtying, $0, it) }) else {
                return nil
            }
            return Violation(
                .mobility, step: step.id,
                "\(domain.name) must not move: it rewrites \(dirtying.hotSet) within "
                    + "\(dirtying.hotMilliseconds) ms and \(dirtying.coldRate)/s beyond that, and "
                    + "at most \(Bytes(Int64(ways.map(\.rate).max() ?? 0)))/s can be sent")
        }
    }

    /// Bytes a second, and how much of the rewriting has to be sent again.
    private typealias Way = (rate: Double, rewriting: Double)

    private static func ways(from name: HostName, _ it: CheckedCase) -> [Way] {
        guard let source = it.hosts[name] else { return [] }
        let calibration = it.snapshot.calibration ?? TransferCalibration()
        let limit = it.plan.options.widestBandwidth.map { Double($0) * 1_048_576 } ?? .infinity
        return it.snapshot.hosts.filter { $0.name != name && $0.isReachable }.map { target in
            let fit = calibration.fit(from: name, to: target.name)
            // A megabit a second is 125,000 bytes.
            let link = Double(max(1, min(source.linkMbps, target.linkMbps))) * 125_000
            let rate = max(1, min(link * Double(fit.efficiencyPermille) / 1000, limit))
            return (rate, Double(fit.dirtyingPermille) / 1000)
        }
    }

    /// Does what is left after some pass fit into the longest pause?
    private static func ends(
        _ domain: Domain, _ dirtying: Dirtying, _ way: Way, _ it: CheckedCase
    ) -> Bool {
        let options = it.plan.options
        let pause = max(
            options.longestDowntimeMilliseconds, MigrationOptions.firstDowntimeMilliseconds)
        // A thousandth more, because others round.
        let enough = way.rate * Double(pause) / 1000 * 1.001
        let share = sureShare * way.rewriting * (options.autoConverge ? throttledShare : 1)
        let memory = memory(of: domain, it)
        var left = memory
        for _ in 0..<passes {
            if left <= enough { return true }
            left = min(memory, dirtying.rewritten(afterSeconds: left / way.rate) * share)
        }
        return left <= enough
    }

    /// What the first pass sends: what the last migration found, or what the guest's process holds,
    /// or all that it may have.
    private static func memory(of domain: Domain, _ it: CheckedCase) -> Double {
        let most = min(domain.facts.memory, domain.facts.balloon ?? domain.facts.memory)
        let found = it.snapshot.calibration?.contents.last { $0.domain == domain.id }?.memory
        return Double(min(most, found ?? domain.resident ?? most).count)
    }
}
