import ClusterModel

/// What the estimates rest on, and how far they may be off.
extension StepTiming {
    /// A measured dirty rate may be off by this, in thousandths: it comes from few samples.
    private static let writingError: Int64 = 300
    /// The same for a pause, as a factor.
    private static let pauseFactor: Int64 = 2

    /// The simulation's estimates with their ranges.
    var estimates: [StepEstimate] {
        tasks.indices.map { index in
            var estimate = simulation.estimates[index]
            estimate.prediction = prediction(
                of: tasks[index], estimate, simulation.copying[index])
            return estimate
        }
    }

    /// What deserves to be known of how its migration ends.
    func cautions(_ index: Int) -> [String] {
        let copying = simulation.copying[index]
        let prediction = prediction(
            of: tasks[index], simulation.estimates[index], copying)
        let rate = max(Int64(copying.rate), widest(copying.link, tasks[index].fit))
        return [ConvergenceForecast.caution(prediction, rate: rate, options: options)]
            .compactMap { $0 }
    }

    private func prediction(
        of task: ScheduleSimulation.Task, _ estimate: StepEstimate,
        _ copying: ScheduleSimulation.Copying
    ) -> StepPrediction {
        let models = [1000, 1000 - Self.writingError, 1000 + Self.writingError].map { permille in
            PrecopyModel(
                memory: task.memory, dirtyRates: task.knownDirtyRates?.scaled(byPermille: permille),
                rate: Int64(copying.rate), widest: widest(copying.link, task.fit), fit: task.fit,
                options: options)
        }
        let volumes = models.map(\.volume.count)
        let (least, most) = (volumes.min() ?? 0, volumes.max() ?? 0)
        let copied = Double(estimate.durationMilliseconds) - task.fixed
        let whole = Double(max(1, volumes[0]))
        // Nobody has looked how it writes: it may well be more than nothing.
        let error =
            Double(max(task.fit.errorPermille, task.knownDirtyRates == nil ? 300 : 0)) / 1000
        let pauses = models.map(\.downtimeMilliseconds)
        return StepPrediction(
            duration: StepPrediction.Range(
                low: Int64(saturating: (task.fixed + copied * Double(least) / whole) / (1 + error)),
                high: Int64(
                    saturating: (task.fixed + copied * Double(most) / whole) * (1 + error))),
            downtime: StepPrediction.Range(
                low: (pauses.min() ?? 0) / Self.pauseFactor,
                high: (pauses.max() ?? 0) * Self.pauseFactor),
            transferred: StepPrediction.Range(
                low: Int64(saturating: Double(least) / (1 + error)),
                high: Int64(saturating: Double(most) * (1 + error))),
            ending: models[0].ending, memory: task.memory, dirtyRates: task.knownDirtyRates,
            linkRate: Bytes(Int64(copying.link)),
            rateLimit: options.bandwidth.map { .mebibytes(Int64($0)) }, jobs: task.fit.jobs)
    }

    /// Bytes a second that a migration gets once the options' limit is raised.
    private func widest(_ link: Double, _ fit: TransferFit) -> Int64 {
        Int64(
            ScheduleSimulation.rate(
                of: link * Double(fit.efficiencyPermille) / 1000, limit: options.widestBandwidth))
    }
}

extension Domain {
    /// What the first pass has to send: what the last migration found, or what its process holds,
    /// or at worst all of its memory.
    func memoryToSend(lately content: Bytes?) -> Bytes {
        let most = facts.copiedMemory
        if let content { return min(most, content) }
        return min(most, resident ?? most)
    }
}
