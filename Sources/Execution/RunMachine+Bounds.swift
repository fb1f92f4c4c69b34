extension RunMachine {
    /// Bounds on waiting and trying, so that every run ends.
    package struct Bounds: Hashable, Sendable {
        /// Looks that may find the same doubtful picture, and the pause between them.
        package var looks = 30
        package var lookPauseMilliseconds: Int64 = 2000
        /// Looks at a migration that the daemons drive without us, before it is aborted: an hour,
        /// unless the plan's options set a time.
        package var waits = 1800
        package var settlements = 3
        /// How often a post-copy that lost its link is taken up.
        package var resumptions = 8
        /// How long a guest must have run on the target before its old images are removed.
        package var provingMilliseconds: Int64 = 5000
        /// How many times that where files were copied that no guest flushes: a minute, twice what
        /// Linux leaves data in memory alone (`vm.dirty_expire_centisecs`).
        package var writebackProvings = 12
        /// Looks at copies that are not surely on the target's disk, before the old images stay.
        package var doubts = 30
        /// New plans around failures.
        package var plans = 5
        /// How long a guest is watched that was asked to shut down and did not in time.
        package var shutdownMilliseconds: Int64 = 900_000
        /// The pause between looks at it after that, while the run has something else to do.
        package var latePauseMilliseconds: Int64 = 10_000
        /// Looks at an emptied host that does not answer, before the run ends without its answer;
        /// and at a guest of which its host does not say how it is.
        package var lastLooks = 5
        /// New plans for guests that came to a host while it was emptied.
        package var newcomerRounds = 3
        /// Looks at a domain that is down, before a definition that a killed process may have sent
        /// on its way is taken for not sent: connecting to a host and taking one takes seconds.
        package var looksForLateDefinition = 5
        /// Requests to stop a migration that may fail: its job may not exist yet.
        package var aborts = 20

        package init() {}
    }
}
