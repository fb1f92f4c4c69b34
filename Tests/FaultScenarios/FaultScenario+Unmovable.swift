import ClusterModel
import Simulation

/// Guests that cannot move, and what befalls them. Seeds before the first of these were there
/// before: what they give stays as it was. Nothing of it is drawn from the generator of the rest.
extension FaultScenario {
    static let firstWithUnmovable: UInt64 = 5_000_000

    /// Some guests of the host to be drained have a device of it, or a domain snapshot.
    static func hold(_ world: inout SimulatedWorld, random: inout SplitMix64) {
        for copy in world.host("host1")?.domains ?? [] where random.chance(35) {
            var copy = copy
            let isDevice = random.chance(50)
            copy.setBlockers([
                Blocker(
                    domain: copy.facts.name, reason: isDevice ? .hostDevice : .snapshot,
                    detail: "it has one", remedy: "take it away")
            ])
            let action: UnmovableAction =
                random.chance(15) ? .stay : isDevice || random.chance(50) ? .shutdown : .save
            copy.setUnmovable(action)
            if random.chance(12), var guest = copy.guest {
                guest.shutdown =
                    random.chance(30)
                    ? .never : .late(milliseconds: random.number(in: 5000...400_000))
                copy.equip(guest)
            }
            world.place(copy, on: "host1")
        }
    }

    /// What others do to them, and what their host does.
    static func trouble(
        _ plan: MigrationPlan, at start: Timestamp, random: inout SplitMix64
    ) -> [ScheduledFault] {
        let guests = plan.inPlaceSteps.map(\.move.domain)
        guard !guests.isEmpty else { return [] }
        return (0..<random.number(in: 0...3)).compactMap { _ in
            guard let guest = random.pick(guests) else { return nil }
            let time = start.advanced(byMilliseconds: random.number(in: 1...120_000))
            let fault: SimulatedFault =
                switch random.number(in: 0...9) {
                case 0: .guestShutDown(guest)
                case 1, 2: .guestStarted(guest)
                case 3: .guestPaused(guest)
                case 4: .startFails(guest, on: "host1")
                case 5: .hostReboot("host1", downMilliseconds: random.number(in: 1000...90_000))
                case 6:
                    .daemonRestart(
                        "host1", silentMilliseconds: random.number(in: 500...20_000))
                case 7: .backup(guest, milliseconds: random.number(in: 1000...60_000))
                case 8: .stuckMonitor(guest, milliseconds: random.number(in: 1000...60_000))
                default:
                    .connectionLoss(
                        "host1", milliseconds: random.number(in: 1000...60_000))
                }
            return ScheduledFault(.at(time), fault)
        }
    }
}
