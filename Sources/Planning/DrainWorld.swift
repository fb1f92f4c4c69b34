import ClusterModel
import PlacementPolicy

/// What drains of one world have in common, whichever hosts they empty.
final class DrainWorld {
    let snapshot: ClusterSnapshot
    let request: PlanRequest
    let problem: PlacementProblem
    let compatibility: Compatibility
    let mobility: Mobility
    let units: MoveUnits
    let isMovable: [Bool]
    let placement: WorkingPlacement
    /// Domains that do not run and stay defined, by their host.
    let definitionsLeft: [HostName: Int]

    init(
        _ snapshot: ClusterSnapshot, under policy: Policy, _ request: PlanRequest,
        cpu: PlacementProblem.CPURoom
    ) {
        self.snapshot = snapshot
        self.request = request
        let problem = PlacementProblem(snapshot, under: policy, cpu: cpu)
        self.problem = problem
        compatibility = Compatibility(problem, forbidden: request.forbidden)
        let mobility = Mobility(problem, snapshot, request)
        self.mobility = mobility
        units = MoveUnits(problem, joined: true)
        isMovable = units.members.map { $0.allSatisfy { mobility.isMovable($0) } }
        placement = WorkingPlacement(problem)
        let stay = snapshot.domains.filter {
            !$0.facts.state.isActive && !policy.movesDefinition(of: $0.facts)
        }
        definitionsLeft = Dictionary(stay.map { ($0.host, 1) }, uniquingKeysWith: +)
    }
}
