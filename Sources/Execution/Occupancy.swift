import ClusterModel

/// How many migrations each host and the fleet carry at this moment.
struct Occupancy {
    private var hosts: [HostName: Int] = [:]
    private var fleet = 0

    init(phases: [StepID: StepPhase], state: RunState) {
        for (id, phase) in phases {
            // It has moved, and nothing is sent any more.
            if case .locating(.proving, _) = phase { continue }
            if let step = state.step(id)?.step { add(step.move) }
        }
    }

    func admits(_ move: Move, within limits: MigrationLimits) -> Bool {
        fleet < limits.fleet && hosts[move.source, default: 0] < limits.perHost
            && hosts[move.target, default: 0] < limits.perHost
    }

    mutating func add(_ move: Move) {
        hosts[move.source, default: 0] += 1
        if move.target != move.source { hosts[move.target, default: 0] += 1 }
        fleet += 1
    }
}
