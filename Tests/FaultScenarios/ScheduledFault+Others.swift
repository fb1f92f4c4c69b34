import ClusterModel
import Simulation

/// Other machines behind hosts' names, other controllers and other people's work.
extension ScheduledFault {
    /// Drawn for one of these moves, so that the moments that matter are met.
    static func randomOthers(
        in world: SimulatedWorld, moves: [Move], random: inout SplitMix64
    ) -> [ScheduledFault] {
        guard let move = random.pick(moves) else { return [] }
        let ends = [move.source, move.target]
        var faults: [ScheduledFault] = []
        if random.chance(12) {
            let host = random.chance(70) ? move.target : move.source
            let phase = random.chance(50) ? SimulatedMigration.Phase.confirm : .switchOver
            let time = random.number(in: 500...90_000)
            faults.append(
                ScheduledFault(
                    .phase(move.domain, phase), .anotherMachine(host, milliseconds: time)))
            if random.chance(50) {
                faults.append(
                    ScheduledFault(.phase(move.domain, .prepare), .lostConfirm(move.domain)))
            }
        }
        func soon(_ longest: Int64) -> Trigger {
            .at(world.now.advanced(byMilliseconds: random.number(in: 0...longest)))
        }
        if random.chance(8), let host = random.pick(ends) {
            let time = random.number(in: 1000...900_000)
            faults.append(
                ScheduledFault(soon(120_000), .anotherController(host, milliseconds: time)))
        }
        if random.chance(8) {
            let time = random.number(in: 1000...90_000)
            faults.append(
                ScheduledFault(soon(5000), .backup(move.domain, milliseconds: time)))
        }
        return faults
    }
}
