/// How migrations go over a link, learned from those that were done: what the estimates are made
/// with.
package struct TransferFit: Hashable, Codable, Sendable {
    /// What a migration takes beside copying: connections, the new QEMU process, the hand-over.
    package var fixedMilliseconds: Int64
    /// How much of the link's nominal speed arrives, in thousandths.
    package var efficiencyPermille: Int64
    /// How much of the measured rewriting has to be sent again, in thousandths.
    package var dirtyingPermille: Int64
    /// Part of the guest's pause that no copying explains.
    package var switchoverMilliseconds: Int64
    /// Nine of ten migrations were within this of their estimate, in thousandths of it.
    package var errorPermille: Int64
    /// Migrations it was learned from; zero for what is assumed of a link nobody has used.
    package var jobs: Int

    package init(
        fixedMilliseconds: Int64, efficiencyPermille: Int64, dirtyingPermille: Int64,
        switchoverMilliseconds: Int64, errorPermille: Int64, jobs: Int
    ) {
        self.fixedMilliseconds = fixedMilliseconds
        self.efficiencyPermille = efficiencyPermille
        self.dirtyingPermille = dirtyingPermille
        self.switchoverMilliseconds = switchoverMilliseconds
        self.errorPermille = errorPermille
        self.jobs = jobs
    }

    /// What is assumed without any migration to learn from.
    package static let assumed = TransferFit(
        fixedMilliseconds: 1030, efficiencyPermille: 1000, dirtyingPermille: 1000,
        switchoverMilliseconds: 30, errorPermille: 500, jobs: 0)
    /// The same of cold moves of running guests: most of it is the time in which a guest shuts
    /// down, which may as well be a third of that or thrice as much.
    package static let assumedCold = TransferFit(
        fixedMilliseconds: 15_000, efficiencyPermille: 1000, dirtyingPermille: 1000,
        switchoverMilliseconds: 0, errorPermille: 2000, jobs: 0)
}

/// The fits of a fleet: one for each pair of hosts that has been used enough, one for all others.
package struct TransferCalibration: Hashable, Codable, Sendable {
    /// What is known of migrations from one host to another.
    package struct Pair: Hashable, Codable, Sendable {
        package var source: HostName
        package var target: HostName
        package var fit: TransferFit

        package init(source: HostName, target: HostName, fit: TransferFit) {
            self.source = source
            self.target = target
            self.fit = fit
        }
    }

    package var fleet: TransferFit
    /// In order of source and target.
    package var pairs: [Pair]
    /// How cold moves of running guests go; nil when too few were done to learn from.
    package var cold: TransferFit?
    /// What the last migration of a domain found in its memory: all but its empty pages, which take
    /// next to nothing to send. In order of domain.
    package var contents: [Content]

    /// The part of a domain's memory that has to be sent.
    package struct Content: Hashable, Codable, Sendable {
        package var domain: DomainID
        package var memory: Bytes

        package init(domain: DomainID, memory: Bytes) {
            self.domain = domain
            self.memory = memory
        }
    }

    package init(
        fleet: TransferFit = .assumed, pairs: [Pair] = [], cold: TransferFit? = nil,
        contents: [Content] = []
    ) {
        self.fleet = fleet
        self.cold = cold
        self.pairs = pairs.sorted { ($0.source, $0.target) < ($1.source, $1.target) }
        self.contents = contents.sorted { $0.domain < $1.domain }
    }

    package func fit(from source: HostName, to target: HostName) -> TransferFit {
        pairs.first { $0.source == source && $0.target == target }?.fit ?? fleet
    }
}
