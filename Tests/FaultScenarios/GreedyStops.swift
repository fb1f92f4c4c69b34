import ClusterModel
import Execution
import Simulation

/// How the simple planner treats guests that cannot move: as their metadata says, stopped after all
/// others have left.
struct GreedyStops {
    let drained: HostName
    let stopped: Set<DomainID>
    let exclusions: [Exclusion]

    /// Is it stopped where it is?
    func stops(_ copy: SimulatedDomain, _ world: SimulatedWorld) -> Bool {
        mode(of: copy, world) != nil
    }

    private func mode(of copy: SimulatedDomain, _ world: SimulatedWorld) -> Step.Mode? {
        guard !copy.facts.blockers.isEmpty, copy.facts.isPersistent, copy.presence == .running,
            copy.holdsGuest, !stopped.contains(copy.id), world.migration(of: copy.id) == nil,
            !exclusions.contains(where: { $0.forbids(drained, for: copy.id) })
        else { return nil }
        switch copy.facts.unmovable {
        case .shutdown: return .shutdown
        case .save: return .save
        case .stay, .cold, nil: return nil
        }
    }

    func steps(after moves: [Step], _ world: SimulatedWorld) -> [Step] {
        let modes = (world.host(drained)?.domains ?? []).compactMap { copy in
            mode(of: copy, world).map { (copy, $0) }
        }
        return modes.enumerated().map { index, one in
            Step(
                id: StepID(moves.count + index + 1), domainName: one.0.facts.name,
                move: Move(domain: one.0.id, source: drained, target: drained), mode: one.1,
                after: moves.map(\.id))
        }
    }

    static func steps(
        starting guests: [StoppedGuest], after moves: [Step], _ world: SimulatedWorld
    ) -> [Step] {
        guests.enumerated().map { index, guest in
            Step(
                id: StepID(moves.count + index + 1),
                domainName: world.copy(of: guest.domain, on: guest.host)?.facts.name ?? "",
                move: Move(domain: guest.domain, source: guest.host, target: guest.host),
                mode: guest.isSaved ? .restore : .start)
        }
    }
}
