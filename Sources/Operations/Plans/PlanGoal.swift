package import ClusterModel

/// What a planning command is asked for, in the operator's words.
package enum PlanGoal: Sendable, CustomStringConvertible {
    case drain([HostName], bestEffort: Bool, wishes: GoalWishes = GoalWishes())
    /// Taking these domains, by name or UUID, away from their hosts.
    case move([String], bestEffort: Bool, wishes: GoalWishes = GoalWishes())
    case `return`([HostName])
    /// With at most this many moves; nil leaves that to the policy.
    case balance(maxMoves: Int?)
    /// Emptying only these hosts; none leaves the choice to the policy.
    case consolidate([HostName])

    package var hosts: [HostName] {
        switch self {
        case .drain(let hosts, _, _), .return(let hosts), .consolidate(let hosts): hosts
        case .move(_, _, let wishes): wishes.to
        case .balance: []
        }
    }

    /// All hosts that were named, which must be known.
    package var named: [HostName] {
        switch self {
        case .drain(let hosts, _, let wishes): hosts + wishes.to + wishes.notTo
        case .move(_, _, let wishes): wishes.to + wishes.notTo
        case .return, .consolidate, .balance: hosts
        }
    }

    /// Hosts that are to be left, as far as they were named.
    package var sources: [HostName] {
        switch self {
        case .drain(let hosts, _, _), .consolidate(let hosts): hosts
        case .move, .return, .balance: []
        }
    }

    package var kind: MigrationPlan.Kind {
        switch self {
        case .drain: .drain
        case .move: .move
        case .return: .return
        case .balance: .balance
        case .consolidate: .consolidate
        }
    }

    /// Load decides what moves, and so old samples must not; a drain goes on without any.
    var isJudgedByLoad: Bool {
        switch self {
        case .balance, .consolidate: true
        case .drain, .move, .return: false
        }
    }

    package var description: String {
        ([kind.rawValue] + words.map(\.quotedForShell)).joined(separator: " ")
    }

    /// What follows the command on the command line.
    private var words: [String] {
        switch self {
        case .drain(let hosts, _, let wishes): hosts.map(\.rawValue) + wishes.words
        case .move(let domains, _, let wishes): domains + wishes.words
        case .return, .consolidate, .balance: hosts.map(\.rawValue)
        }
    }
}
