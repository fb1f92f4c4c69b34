package import ClusterModel

/// What came of a policy on a history. Times are summed over hosts or domains.
package struct ReplayResult: Hashable, Codable, Sendable {
    /// Hosts asked for more CPU than they have, and above nine tenths of it.
    package var hostOverloadMilliseconds: Int64 = 0
    package var hostHotMilliseconds: Int64 = 0
    /// Domains on a host that was asked for more than it has.
    package var domainOverloadMilliseconds: Int64 = 0
    /// CPU asked for in all, and what of it could not be given; thousandths of a CPU times seconds.
    package var askedMilliCPUSeconds: Int64 = 0
    package var lackedMilliCPUSeconds: Int64 = 0
    /// Hosts with more memory promised than they have.
    package var memoryOverloadMilliseconds: Int64 = 0
    package var moves = 0
    /// Moves of the domain that moved most.
    package var mostMovesOfADomain = 0
    package var transferred = Bytes.zero
    package var downtimeMilliseconds: Int64 = 0
    /// Domains that were down with a lost host.
    package var outageMilliseconds: Int64 = 0
    /// Millijoules; nil where not every host has a power curve.
    package var energyMillijoules: Int64?
    package var hostMilliseconds: Int64 = 0
    package var mostHosts = 0
    package var milliseconds: Int64 = 0
    /// Orders that the world refused: the domain was gone, or its target.
    package var refused = 0

    package init() {}

    package var overloadMinutes: Double { Double(hostOverloadMilliseconds) / 60_000 }
    package var hotMinutes: Double { Double(hostHotMilliseconds) / 60_000 }
    package var domainOverloadMinutes: Double { Double(domainOverloadMilliseconds) / 60_000 }
    package var kilowattHours: Double? { energyMillijoules.map { Double($0) / 3.6e9 } }
    package var meanHosts: Double {
        milliseconds == 0 ? 0 : Double(hostMilliseconds) / Double(milliseconds)
    }
    /// Share of what was asked for that could not be given.
    package var lackedShare: Double {
        askedMilliCPUSeconds == 0
            ? 0 : Double(lackedMilliCPUSeconds) / Double(askedMilliCPUSeconds)
    }
}

/// A host that was lost, and the world just before.
package struct ReplayLoss: Sendable {
    package let at: Timestamp
    /// Its number.
    package let host: Int
    package let before: ReplayMoment

    package var domains: Int { before.placement.count { $0 == host } }
}

/// What a plot shows of a replay.
package struct ReplayTrack: Hashable, Sendable {
    /// Load of each host in each interval, in thousandths of what it has.
    package var loads: [[Int32]] = []
    package var moves: [ReplayedMove] = []
}
