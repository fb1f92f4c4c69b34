package import ClusterModel

/// What a planning command is asked for, in the operator's words.
package enum PlanGoal: Sendable, CustomStringConvertible {
    case drain([HostName], bestEffort: Bool)
    case `return`([HostName])
    /// With at most this many moves; nil leaves that to the policy.
    case balance(maxMoves: Int?)
    /// Emptying only these hosts; none leaves the choice to the policy.
    case consolidate([HostName])

    package var hosts: [HostName] {
        switch self {
        case .drain(let hosts, _), .return(let hosts), .consolidate(let hosts): hosts
        case .balance: []
        }
    }

    /// Hosts that are to be left, as far as they were named.
    package var sources: [HostName] {
        switch self {
        case .drain(let hosts, _), .consolidate(let hosts): hosts
        case .return, .balance: []
        }
    }

    package var kind: MigrationPlan.Kind {
        switch self {
        case .drain: .drain
        case .return: .return
        case .balance: .balance
        case .consolidate: .consolidate
        }
    }

    /// Load decides what moves, and so old samples must not; a drain goes on without any.
    var isJudgedByLoad: Bool {
        switch self {
        case .balance, .consolidate: true
        case .drain, .return: false
        }
    }

    package var description: String {
        ([kind.rawValue] + hosts.map(\.rawValue)).joined(separator: " ")
    }
}
