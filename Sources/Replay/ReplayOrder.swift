package import ClusterModel

/// A migration that a policy wants, with the times that the planner expects of it.
package struct ReplayOrder: Hashable, Sendable {
    package var domain: DomainID
    package var target: HostName
    package var startMilliseconds: Int64
    package var durationMilliseconds: Int64
    package var downtimeMilliseconds: Int64
    package var transferred: Bytes

    package init(
        domain: DomainID, target: HostName, startMilliseconds: Int64, durationMilliseconds: Int64,
        downtimeMilliseconds: Int64 = 0, transferred: Bytes = .zero
    ) {
        self.domain = domain
        self.target = target
        self.startMilliseconds = startMilliseconds
        self.durationMilliseconds = durationMilliseconds
        self.downtimeMilliseconds = downtimeMilliseconds
        self.transferred = transferred
    }

    package init(_ step: Step) {
        self.init(
            domain: step.move.domain, target: step.move.target,
            startMilliseconds: step.estimate.startMilliseconds,
            durationMilliseconds: step.estimate.durationMilliseconds,
            downtimeMilliseconds: step.estimate.downtimeMilliseconds,
            transferred: step.estimate.transferred)
    }
}

/// A migration that was carried out in a replay.
package struct ReplayedMove: Hashable, Codable, Sendable {
    package var start: Timestamp
    package var end: Timestamp
    package var domain: String
    package var source: HostName
    package var target: HostName
}
