import ClusterModel

/// A plan that may fill a host above its CPUs says so, with the figures, at a step that leads
/// there.
///
/// Asked only in the world that the plan was made of: load changes from look to look, and a saved
/// plan may still be run.
enum OvershootCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        guard !subject.keepsWithinCPUs,
            subject.plan.origin.observedAt == subject.snapshot.observedAt
        else {
            return []
        }
        let usage = HostUsage(subject)
        var change: [HostResource: Int64] = [:]
        for (id, target) in subject.final {
            guard let domain = subject.domains[id], domain.host != target else { continue }
            change.merge(usage.taken(by: domain, on: target), uniquingKeysWith: +)
            change.merge(usage.taken(by: domain, on: domain.host).mapValues { -$0 }) { $0 + $1 }
        }
        var worst: [HostName: Int64] = [:]
        for (resource, amount) in change {
            guard case .cpu(let host, _) = resource else { continue }
            let (before, capacity) = (usage.used(resource), usage.capacity(resource))
            let after = before + amount
            if after > max(before, capacity) { worst[host] = max(worst[host] ?? 0, after) }
        }
        return worst.sorted { $0.key < $1.key }.compactMap { host, after in
            let capacity = usage.capacity(.cpu(host, slot: 0))
            let figures = ["\(host)", "\(MilliCPU(after))", "\(MilliCPU(capacity))"]
            let isTold = subject.plan.steps.contains { step in
                step.move.target == host
                    && step.cautions.contains { text in figures.allSatisfy { text.contains($0) } }
            }
            guard !isTold else { return nil }
            return Violation(
                .capacity, host: host,
                "it is asked for \(figures[1]) where it may give \(figures[2]), untold by any step")
        }
    }
}
