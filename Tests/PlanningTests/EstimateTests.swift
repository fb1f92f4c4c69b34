import ClusterModel
import Testing

@testable import Planning

@Suite struct EstimateTests {
    @Test func `an idle guest is sent once`() {
        let model = PrecopyModel(memory: .gibibytes(4), dirtyRate: nil, rate: 100_000_000)
        #expect(model.volume == .gibibytes(4))
        #expect(model.downtimeMilliseconds == TransferFit.assumed.switchoverMilliseconds)
    }

    @Test func `a guest that writes at half the link's speed is sent about twice`() {
        let model = PrecopyModel(
            memory: 1_000_000_000, dirtyRate: 50_000_000, rate: 100_000_000)
        #expect((1_900_000_000...2_000_000_000).contains(model.volume.count))
        #expect(model.downtimeMilliseconds <= 330)
    }

    @Test func `a guest that writes faster than the link carries ends all the same`() {
        let model = PrecopyModel(
            memory: 1_000_000_000, dirtyRate: 900_000_000, rate: 100_000_000)
        #expect(model.volume.count <= 21_000_000_000)
        #expect(model.downtimeMilliseconds > 5000)
    }

    private func simulate(
        _ waits: [[Int]], limits: MigrationLimits = MigrationLimits(), bandwidth: Int? = nil
    ) -> ScheduleSimulation {
        // All leave host 0, each to its own host, over links of 1000 Mbit/s: 10 s for one alone.
        let tasks = waits.enumerated().map {
            ScheduleSimulation.Task(
                source: 0, target: $0 + 1, memory: 1_250_000_000, after: $1)
        }
        return ScheduleSimulation(
            tasks, links: Array(repeating: 1000, count: waits.count + 1), limits: limits,
            bandwidth: bandwidth)
    }

    @Test func `migrations share a link, so two take as long together as in turn`() {
        let together = simulate([[], []])
        #expect(together.estimates.map(\.startMilliseconds) == [0, 0])
        #expect(together.makespanMilliseconds == 21_030)
        let inTurn = simulate([[], [0]])
        #expect(inTurn.estimates.map(\.startMilliseconds) == [0, 11_030])
        #expect(inTurn.makespanMilliseconds == 22_060)
    }

    @Test func `limits of host and fleet hold`() {
        let one = simulate([[], [], []], limits: MigrationLimits(perHost: 1, fleet: 9))
        #expect(one.estimates.map(\.startMilliseconds) == [0, 11_030, 22_060])
        let fleet = simulate([[], [], []], limits: MigrationLimits(perHost: 9, fleet: 2))
        #expect(fleet.estimates.map(\.startMilliseconds)[2] > 20_000)
    }

    @Test func `a bandwidth limit slows a migration down`() {
        #expect(simulate([[]], bandwidth: 10).makespanMilliseconds > 100_000)
    }
}
