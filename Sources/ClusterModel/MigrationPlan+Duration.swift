extension MigrationPlan {
    /// From the least to the most that it is expected to take in all, in milliseconds, as if the
    /// estimates of all steps were off to the same side. A step that does not say how sure it is
    /// counts with its estimate.
    package var makespanRange: StepPrediction.Range {
        var (low, estimated, high) = (Int64(0), Int64(0), Int64(0))
        var latest = makespanMilliseconds
        for step in steps {
            let own = step.estimate.durationMilliseconds
            let range = step.estimate.prediction?.duration
            low += min(own, range?.low ?? own)
            estimated += own
            high += max(own, range?.high ?? own)
            latest = max(
                latest, step.estimate.startMilliseconds + max(own, range?.high ?? own))
        }
        guard estimated > 0 else {
            return StepPrediction.Range(low: makespanMilliseconds, high: makespanMilliseconds)
        }
        func scaled(to sum: Int64) -> Int64 {
            Int64(Double(makespanMilliseconds) * (Double(sum) / Double(estimated)))
        }
        return StepPrediction.Range(
            low: min(makespanMilliseconds, scaled(to: low)),
            high: max(latest, scaled(to: high)))
    }
}
