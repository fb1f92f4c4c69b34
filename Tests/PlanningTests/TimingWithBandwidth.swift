import ClusterModel

@testable import Planning

extension ScheduleSimulation {
    /// `bandwidth` in MiB/s.
    init(
        _ tasks: [Task], order: [Int]? = nil, links: [Int], limits: MigrationLimits,
        bandwidth: Int?
    ) {
        self.init(
            tasks, order: order, links: links, limits: limits,
            options: MigrationOptions(bandwidth: bandwidth))
    }
}

extension StepTiming {
    init(
        _ tasks: [ScheduleSimulation.Task], links: [Int], limits: MigrationLimits, bandwidth: Int?,
        seed: UInt64
    ) {
        self.init(
            tasks, links: links, limits: limits, options: MigrationOptions(bandwidth: bandwidth),
            seed: seed)
    }
}

extension MigrationOptions {
    init(bandwidth: Int?) {
        self.init()
        self.bandwidth = bandwidth
    }
}
