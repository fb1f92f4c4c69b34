import ClusterModel

/// A plan that fills hosts above their CPUs only where nothing else was found, and then as little
/// as is found: guests that get slower for a while are better than a host that cannot be repaired.
enum LeastOvershoot {
    /// Shares of a host are halved so often between what is too little and what is enough.
    static let trialsAtMost = 12

    /// `plan` makes a draft with this much room; it is asked in full first within the hosts' CPUs,
    /// then without end, and then with a tenth of the effort for less and less.
    static func draft(
        _ effort: SearchEffort, _ plan: (PlacementProblem.CPURoom, SearchEffort) -> PlanDraft
    ) -> PlanDraft {
        let kept = plan(.kept, effort)
        guard !kept.isWhole else { return kept }
        let free = plan(.boundless, effort)
        guard free.outcome == .plan else { return free }
        return kept.ifAsGood(as: free) ?? lessened(free, effort.aTenth, plan)
    }

    private static func lessened(
        _ free: PlanDraft, _ effort: SearchEffort,
        _ plan: (PlacementProblem.CPURoom, SearchEffort) -> PlanDraft
    ) -> PlanDraft {
        var best = free
        var (low, high) = (Int64(10_000), share(of: free))
        for _ in 0..<trialsAtMost where high < Int64.max && low + 1 < high {
            let middle = (low + high) / 2
            guard let draft = plan(.upTo(share: middle), effort).ifAsGood(as: free) else {
                low = middle
                continue
            }
            best = draft
            high = min(middle, share(of: draft))
        }
        return best
    }

    /// Of the host that it fills most above its CPUs, in hundredths of a percent.
    static func share(of draft: PlanDraft) -> Int64 {
        CPUOvershoot.all(of: draft.sequence, in: draft.problem).values.map(\.share).max() ?? 10_000
    }
}
