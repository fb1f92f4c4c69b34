import ClusterModel
import Operations
package import PlacementPolicy
package import Replay

/// One policy on one history, played.
package struct ReplayReport: Encodable {
    package var policy: String
    package var overloadMinutes: Double
    package var hotMinutes: Double
    package var domainOverloadMinutes: Double
    package var lackedShare: Double
    package var memoryOverloadMinutes: Double
    package var moves: Int
    package var mostMovesOfADomain: Int
    package var transferredBytes: Int64
    package var downtimeSeconds: Double
    package var outageMinutes: Double
    package var kilowattHours: Double?
    package var meanHosts: Double
    var mostHosts: Int
    var refused: Int
    package var story: [String]
    package var track: [ReplayedMove]
    /// Load of each host in each interval, for the plots.
    package let loads: [[Int32]]

    enum CodingKeys: String, CodingKey {
        case policy, moves, refused, story, track
        case overloadMinutes = "host_overload_minutes", hotMinutes = "host_hot_minutes"
        case domainOverloadMinutes = "domain_overload_minutes", lackedShare = "cpu_lacked_share"
        case memoryOverloadMinutes = "memory_overload_minutes"
        case mostMovesOfADomain = "most_moves_of_a_domain"
        case transferredBytes = "transferred_bytes", downtimeSeconds = "downtime_seconds"
        case outageMinutes = "outage_minutes", kilowattHours = "kilowatt_hours"
        case meanHosts = "mean_hosts", mostHosts = "most_hosts"
    }

    /// Every policy by itself, and before them none, so that everything stays where it is. Where
    /// only one policy says what hosts draw it says so for all: they share the hosts.
    package static func sideBySide(
        _ world: ReplayWorld, _ policies: [Policy], seed: UInt64
    ) -> [ReplayReport] {
        var common = world
        common.curves = policies.first { !$0.power.isEmpty }?.curves(of: world.base.hosts) ?? [:]
        return [ReplayReport(common, nil, seed: seed)]
            + policies.map { policy in
                var own = common
                if !policy.power.isEmpty { own.curves = policy.curves(of: world.base.hosts) }
                return ReplayReport(own, policy, seed: seed)
            }
    }

    /// Plays the policy; nil plays none.
    init(_ given: ReplayWorld, _ policy: Policy?, seed: UInt64) {
        var world = given
        if let policy { world.base = policy.trusted(world.base) }
        var replay = Replay(world, keepsTrack: true)
        var decider = ReplayDecider(policy ?? .default, seed: seed)
        if policy == nil {
            replay.run { _ in [] }
        } else {
            replay.run { decider.decide($0) }
        }
        let result = replay.result
        self.policy = policy?.name ?? "(nothing moves)"
        overloadMinutes = result.overloadMinutes
        hotMinutes = result.hotMinutes
        domainOverloadMinutes = result.domainOverloadMinutes
        lackedShare = result.lackedShare
        memoryOverloadMinutes = Double(result.memoryOverloadMilliseconds) / 60_000
        moves = result.moves
        mostMovesOfADomain = result.mostMovesOfADomain
        transferredBytes = result.transferred.count
        downtimeSeconds = Double(result.downtimeMilliseconds) / 1000
        outageMinutes = Double(result.outageMilliseconds) / 60_000
        kilowattHours = result.kilowattHours
        meanHosts = result.meanHosts
        mostHosts = result.mostHosts
        refused = result.refused
        track = replay.track.moves
        loads = replay.track.loads
        let losses = replay.losses.map {
            LostHost(loss: $0, policy: policy ?? .default, seed: seed).text
        }
        story = Self.story(losses + decider.notes, replay.track.moves)
    }

    /// What was decided and what moved, in order of time.
    private static func story(_ notes: [String], _ moves: [ReplayedMove]) -> [String] {
        let lines = moves.map { move in
            let seconds = Double(move.end.millisecondsSince(move.start)) / 1000
            return "\(move.start)   \(move.domain) \(move.source) → \(move.target)"
                + " in \(Format.decimal(seconds, 1)) s"
        }
        return (notes + lines).enumerated().sorted {
            (key($0.element), $0.offset) < (key($1.element), $1.offset)
        }.map(\.element)
    }

    private static func key(_ line: String) -> Int64 {
        Timestamp(String(line.prefix { $0 != " " }))?.milliseconds ?? 0
    }
}
