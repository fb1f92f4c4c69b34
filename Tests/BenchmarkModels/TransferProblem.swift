/// Migrations whose targets are chosen, and what they share: the question is when each starts, and
/// with how much bandwidth.
package struct TransferProblem: Hashable, Sendable {
    /// So much of a channel or a store.
    package struct Claim: Hashable, Sendable {
        package var index: Int
        package var amount: Int64

        package init(_ index: Int, _ amount: Int64) {
            self.index = index
            self.amount = amount
        }
    }

    /// One way to carry a transfer out: more bandwidth on its channels takes less time.
    package struct Path: Hashable, Sendable {
        package var milliseconds: Int64
        package var channels: [Claim]

        package init(milliseconds: Int64, channels: [Claim]) {
            self.milliseconds = milliseconds
            self.channels = channels
        }
    }

    /// A migration. From its start it takes from stores at its target, at its end it gives back to
    /// stores at its source: while it runs it counts on both hosts.
    package struct Transfer: Hashable, Sendable {
        /// Best first: the earlier way is taken where two end a transfer at the same time.
        package var ways: [Path]
        package var takes: [Claim]
        package var frees: [Claim]
        /// Transfers that must have ended before, by index.
        package var after: [Int]
        package var earliestMilliseconds: Int64

        package init(
            ways: [Path], takes: [Claim] = [], frees: [Claim] = [], after: [Int] = [],
            earliestMilliseconds: Int64 = 0
        ) {
            self.ways = ways
            self.takes = takes
            self.frees = frees
            self.after = after
            self.earliestMilliseconds = earliestMilliseconds
        }
    }

    package var transfers: [Transfer]
    /// What each channel carries at once: a link in one direction in Mbit/s, or a number of
    /// migrations at once.
    package var channels: [Int64]
    /// What each store has free at the start: memory or CPU of a host.
    package var stores: [Int64]

    package init(transfers: [Transfer], channels: [Int64], stores: [Int64]) {
        self.transfers = transfers
        self.channels = channels
        self.stores = stores
    }
}

/// When each transfer starts, and in which way.
package struct TransferSchedule: Hashable, Sendable {
    package var starts: [Int64]
    /// Index of the way taken.
    package var ways: [Int]
    package var makespanMilliseconds: Int64
    /// No schedule ends before this.
    package var boundMilliseconds: Int64

    /// Nothing better exists: found by exhaustion, or because the bound is reached.
    package var isProven: Bool { makespanMilliseconds <= boundMilliseconds }
}

/// How long the scheduler looks, in trials and not in seconds: the same schedule on a slow machine.
package struct ScheduleEffort: Hashable, Sendable {
    /// Orders that are played.
    package var trials: Int
    /// Branches of the exhaustive search, which is made for few transfers only.
    package var branches: Int

    package init(trials: Int, branches: Int) {
        self.trials = trials
        self.branches = branches
    }

    /// Fewer trials where each costs more.
    package static func standard(transfers: Int) -> ScheduleEffort {
        let cost = max(1, transfers * transfers)
        return ScheduleEffort(trials: min(4000, max(20, 400_000_000 / cost)), branches: 200_000)
    }
}
