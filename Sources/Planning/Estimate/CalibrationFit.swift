package import ClusterModel

/// One migration that was done: what was known before it, and what it took.
package struct TransferObservation: Hashable, Sendable {
    package var source: HostName
    package var target: HostName
    /// What the first pass had to send.
    package var memory: Bytes
    package var dirtyRates: DirtyRates?
    /// Its share of the nominal links, in bytes a second, and the limit it kept to.
    package var linkRate: Bytes
    package var rateLimit: Bytes?
    package var options: MigrationOptions
    package var durationMilliseconds: Int64
    package var downtimeMilliseconds: Int64?

    package init(
        source: HostName, target: HostName, memory: Bytes, dirtyRates: DirtyRates?, linkRate: Bytes,
        rateLimit: Bytes? = nil, options: MigrationOptions = MigrationOptions(),
        durationMilliseconds: Int64, downtimeMilliseconds: Int64? = nil
    ) {
        self.source = source
        self.target = target
        self.memory = memory
        self.dirtyRates = dirtyRates
        self.linkRate = linkRate
        self.rateLimit = rateLimit
        self.options = options
        self.durationMilliseconds = durationMilliseconds
        self.downtimeMilliseconds = downtimeMilliseconds
    }

    /// What the model says of it under a fit.
    func model(_ fit: TransferFit) -> PrecopyModel {
        let link = Double(linkRate.count) * Double(fit.efficiencyPermille) / 1000
        return PrecopyModel(
            memory: memory, dirtyRates: dirtyRates, rate: Int64(rate(of: link)),
            widest: Int64(link),
            fit: fit, options: options)
    }

    private func rate(of link: Double) -> Double {
        max(1, min(link, rateLimit.map { Double($0.count) } ?? .infinity))
    }

    /// Milliseconds of copying under a fit.
    func copying(_ fit: TransferFit) -> Double {
        let link = Double(linkRate.count) * Double(fit.efficiencyPermille) / 1000
        return Double(model(fit).volume.count) / rate(of: link) * 1000
    }

    /// What the model says it takes, in milliseconds.
    package func predicted(_ fit: TransferFit) -> Int64 {
        Int64(saturating: (copying(fit) + Double(fit.fixedMilliseconds)).rounded())
    }
}

/// Learns from migrations that were done how the next ones will go.
///
/// Robust: the share of the link that arrives and the part of the rewriting that counts are tried
/// on a grid, the fixed part is then a median, and what is made small is the mean relative error,
/// in which one that went wrong altogether counts no more than half. Where the observations cannot
/// tell two fits apart, the one nearer to what is assumed of any link wins. O(grid × observations).
package enum CalibrationFit {
    /// With fewer, what is assumed or known of the whole fleet is better.
    static let jobsAtLeast = 3
    /// Only the newest are asked, and of those the older count less: half as much after this many
    /// more of them, because links and hosts change.
    package static let jobsAtMost = 400
    static let halfLife = 40
    /// Fits are kept beside the journal; those of another edition are made again. To be raised with
    /// every change of what `fit` gives.
    package static let edition = 1
    private static let efficiencies: [Int64] = (0...72).map { step in
        // From 5 % to 150 %, each a twentieth more than the one before.
        var value = 50.0
        for _ in 0..<step { value *= 1.0485 }
        return Int64(value)
    }
    private static let dirtyRateFactors: [Int64] = [
        0, 125, 250, 375, 500, 625, 750, 875, 1000, 1250, 1500,
    ]

    /// In order of time, the newest last.
    package static func calibrate(
        _ observations: [TransferObservation], cold: [TransferObservation] = [],
        contents: [TransferCalibration.Content] = []
    ) -> TransferCalibration {
        let fleet = fit(observations) ?? .assumed
        let groups = Dictionary(grouping: observations) { [$0.source, $0.target] }
        let pairs = groups.compactMap { ends, own in
            fit(own).map {
                TransferCalibration.Pair(source: ends[0], target: ends[1], fit: $0)
            }
        }
        return TransferCalibration(
            fleet: fleet, pairs: pairs, cold: fit(cold), contents: contents)
    }

    /// nil when there is too little to learn from.
    package static func fit(_ all: [TransferObservation]) -> TransferFit? {
        let observations = all.suffix(jobsAtMost).filter { $0.durationMilliseconds > 0 }
        guard observations.count >= jobsAtLeast else { return nil }
        var best: (loss: Double, fit: TransferFit)?
        let weights = observations.indices.map { Self.weight(age: observations.count - 1 - $0) }
        let isWritten = observations.contains { ($0.dirtyRates?.hotSet ?? .zero) > .zero }
        for dirtyRates in isWritten ? dirtyRateFactors : [1000] {
            for efficiency in efficiencies {
                var fit = TransferFit.assumed
                fit.efficiencyPermille = efficiency
                fit.dirtyingPermille = dirtyRates
                let copying = observations.map { $0.copying(fit) }
                fit.fixedMilliseconds = fixedPart(observations, copying, weights)
                let loss = loss(observations, copying, fit, weights)
                if loss < best?.loss ?? .infinity { best = (loss, fit) }
            }
        }
        guard var fit = best?.fit else { return nil }
        fit.jobs = observations.count
        fit.switchoverMilliseconds = switchover(observations, fit)
        fit.errorPermille = error(observations, fit)
        return fit
    }

    /// By halves, and a straight line between them.
    private static func weight(age: Int) -> Double {
        var weight = 1.0
        for _ in 0..<(age / halfLife) { weight /= 2 }
        return weight * (1 - Double(age % halfLife) / Double(2 * halfLife))
    }

    /// The median of what copying does not explain, weighed so that each counts by its relative
    /// error.
    private static func fixedPart(
        _ observations: [TransferObservation], _ copying: [Double], _ weights: [Double]
    ) -> Int64 {
        let rests = observations.indices.map { index in
            let actual = Double(observations[index].durationMilliseconds)
            return (rest: actual - copying[index], weight: weights[index] / actual)
        }.sorted { $0.rest < $1.rest }
        let half = rests.reduce(0) { $0 + $1.weight } / 2
        var weight = 0.0
        for entry in rests {
            weight += entry.weight
            if weight >= half { return max(0, Int64(saturating: entry.rest.rounded())) }
        }
        return TransferFit.assumed.fixedMilliseconds
    }

    private static func loss(
        _ observations: [TransferObservation], _ copying: [Double], _ fit: TransferFit,
        _ weights: [Double]
    ) -> Double {
        var sum = 0.0
        for index in observations.indices {
            let actual = Double(observations[index].durationMilliseconds)
            let error = abs(copying[index] + Double(fit.fixedMilliseconds) - actual) / actual
            sum += min(0.5, error) * weights[index]
        }
        let assumed = TransferFit.assumed
        let apart =
            abs(Double(fit.efficiencyPermille - assumed.efficiencyPermille)) / 1000
            + abs(Double(fit.dirtyingPermille - assumed.dirtyingPermille)) / 1000
        return sum / weights.reduce(0, +) + apart / 1000
    }

    /// Nine of ten were closer; with few to learn from the next may well be the odd one.
    private static func error(
        _ observations: [TransferObservation], _ fit: TransferFit
    ) -> Int64 {
        let errors = observations.map { observation in
            let predicted = Double(max(1, observation.predicted(fit)))
            return abs(Double(observation.durationMilliseconds) - predicted) / predicted
        }.sorted()
        let rank = min(errors.count - 1, errors.count * 9 / 10)
        return max(50, Int64(saturating: errors[rank] * 1000 * (1 + 3 / Double(errors.count))))
    }

    /// The median of what sending the rest does not explain of the pause.
    private static func switchover(
        _ observations: [TransferObservation], _ fit: TransferFit
    ) -> Int64 {
        var bare = fit
        bare.switchoverMilliseconds = 0
        let rests = observations.compactMap { observation in
            observation.downtimeMilliseconds.map {
                $0 - observation.model(bare).downtimeMilliseconds
            }
        }.sorted()
        guard !rests.isEmpty else { return TransferFit.assumed.switchoverMilliseconds }
        return max(0, rests[rests.count / 2])
    }
}
