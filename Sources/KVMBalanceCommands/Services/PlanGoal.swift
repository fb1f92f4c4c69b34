import ClusterModel

/// What a planning command is asked for, in the operator's words.
enum PlanGoal: Sendable, CustomStringConvertible {
    case drain([HostName], bestEffort: Bool)
    case `return`([HostName])

    var hosts: [HostName] {
        switch self {
        case .drain(let hosts, _), .return(let hosts): hosts
        }
    }

    var kind: MigrationPlan.Kind {
        switch self {
        case .drain: .drain
        case .return: .return
        }
    }

    var description: String {
        "\(kind.rawValue) \(hosts.map(\.rawValue).joined(separator: " "))"
    }
}
