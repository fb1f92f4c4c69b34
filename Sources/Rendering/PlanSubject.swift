package import ClusterModel

extension MigrationPlan {
    /// What it is about: `drain host1`, `move web1, db1 to host2`.
    package var subject: String {
        let names: [String]
        switch kind {
        case .move: names = wishes.moves.map(\.name)
        case .drain, .return, .balance, .consolidate, .rollback:
            names = hosts.inNaturalOrder.map(\.rawValue)
        }
        let list = names.isEmpty ? "" : " " + names.joined(separator: ", ")
        let to = wishes.to.inNaturalOrder.map(\.rawValue).joined(separator: ", ")
        return kind.rawValue + list + (to.isEmpty ? "" : " to \(to)")
    }
}
