/// How long the planner looks before it calls a tight drain infeasible: trials and not seconds, so
/// that the same input gives the same plan on a slow machine. A trial takes a few microseconds.
package struct SearchEffort: Hashable, Sendable {
    /// Trials in each round of the search; every round may move one resident more out of the way.
    package var trialsPerRound: Int
    /// The same in clusters so small that everything can be tried.
    package var trialsPerRoundWhenSmall: Int
    /// Trials for each single domain that a best effort could not place.
    package var trialsPerDomain: Int
    /// Residents moved at most to make room.
    package var residentsMoved: Int
    /// Trials for each level of balance that is tried, in a cluster of up to two hundred domains;
    /// larger ones get fewer, because each costs more.
    package var trialsPerLevel: Int
    /// Changes that the engine of assignments proposes for a drain that nothing else found.
    package var proposals: Int
    /// Is an infeasible drain explained by a smallest set of conflicting constraints?
    package var explainsConflicts: Bool

    package init(
        trialsPerRound: Int = 50_000, trialsPerRoundWhenSmall: Int = 60_000,
        trialsPerDomain: Int = 3000, residentsMoved: Int = 6,
        trialsPerLevel: Int = 1000, proposals: Int = 2_000_000, explainsConflicts: Bool = true
    ) {
        self.trialsPerRound = trialsPerRound
        self.trialsPerRoundWhenSmall = trialsPerRoundWhenSmall
        self.trialsPerDomain = trialsPerDomain
        self.residentsMoved = residentsMoved
        self.trialsPerLevel = trialsPerLevel
        self.proposals = proposals
        self.explainsConflicts = explainsConflicts
    }

    /// A tenth of this, without the engine: enough to see again what was seen to be possible.
    var aTenth: SearchEffort {
        var few = self
        few.trialsPerRound /= 10
        few.trialsPerRoundWhenSmall /= 10
        few.trialsPerDomain /= 10
        few.proposals = 0
        return few
    }

    /// At most about a second for a cluster of any usual size.
    package static let standard = SearchEffort()
}
