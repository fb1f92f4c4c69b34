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

    static func violations(_ subject: CheckedCase) -> [Violation] {
        let options = subject.plan.options
        guard options.stuckRule == .abort, !options.postcopy else { return [] }
        return subject.plan.steps.filter { $0.mode != .offline }.compactMap { step in
            guard let domain = subject.domains[step.move.domain],
                let dirtyRates = domain.dirtyRates,
                domain.facts.state == .running
            else { return nil }
            let links = links(from: domain.host, subject)
            guard !links.isEmpty, links.allSatisfy({ !ends(domain, dirtyRates, $0, subject) })
            else {
                return nil
            }
            return Violation(
                .mobility, step: step.id,
                "\(domain.name) must not move: it rewrites \(dirtyRates.hotSet) within "
                    + "\(dirtyRates.hotMilliseconds) ms and \(dirtyRates.coldRate)/s beyond that, "
                    + "and at most \(Bytes(Int64(links.map(\.rate).max() ?? 0)))/s can be sent")
        }
    }

    /// Bytes a second, and how much of the rewriting has to be sent again.
    private typealias Link = (rate: Double, rewriting: Double)

    private static func links(from name: HostName, _ subject: CheckedCase) -> [Link] {
        guard let source = subject.hosts[name] else { return [] }
        let calibration = subject.snapshot.calibration ?? TransferCalibration()
        let limit = subject.plan.options.widestBandwidth.map { Double($0) * 1_048_576 } ?? .infinity
        return subject.snapshot.hosts.filter { $0.name != name && $0.isReachable }.map { target in
            let fit = calibration.fit(from: name, to: target.name)
            // A megabit a second is 125,000 bytes.
            let link = Double(max(1, min(source.linkMbps, target.linkMbps))) * 125_000
            let rate = max(1, min(link * Double(fit.efficiencyPermille) / 1000, limit))
            return (rate, Double(fit.dirtyingPermille) / 1000)
        }
    }

    /// Does what is left after some pass fit into the longest pause?
    private static func ends(
        _ domain: Domain, _ dirtyRates: DirtyRates, _ link: Link, _ subject: CheckedCase
    ) -> Bool {
        let options = subject.plan.options
        let pause = max(
            options.longestDowntimeMilliseconds, MigrationOptions.firstDowntimeMilliseconds)
        // A thousandth more, because others round.
        let enough = link.rate * Double(pause) / 1000 * 1.001
        let share = sureShare * link.rewriting * (options.autoConverge ? throttledShare : 1)
        let memory = memory(of: domain, subject)
        var left = memory
        for _ in 0..<passes {
            if left <= enough { return true }
            left = min(memory, dirtyRates.rewritten(afterSeconds: left / link.rate) * share)
        }
        return left <= enough
    }

    /// What the first pass sends: what the last migration found, or what the guest's process holds,
    /// or all that it may have.
    private static func memory(of domain: Domain, _ subject: CheckedCase) -> Double {
        let most = min(domain.facts.memory, domain.facts.balloon ?? domain.facts.memory)
        let found = subject.snapshot.calibration?.contents.last { $0.domain == domain.id }?.memory
        return Double(min(most, found ?? domain.resident ?? most).count)
    }
}
