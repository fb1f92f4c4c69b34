/// What a host draws at each share of its CPU: values at equal steps from idle to full, straight
/// lines between them (as SPECpower measures it).
package struct PowerCurve: Hashable, Codable, Sendable {
    /// Milliwatts, two or more.
    package let steps: [Int64]

    package init(milliwatts steps: [Int64]) {
        precondition(steps.count >= 2 && steps.allSatisfy { $0 >= 0 }, "\(steps)")
        self.steps = steps
    }

    /// Milliwatts at a load in thousandths of the host; more than all is all.
    package func milliwatts(atPermille load: Int64) -> Int64 {
        let load = min(1000, max(0, load))
        let scaled = load * Int64(steps.count - 1)
        let (step, rest) = (Int(scaled / 1000), scaled % 1000)
        guard rest > 0 else { return steps[step] }
        return steps[step] + (steps[step + 1] - steps[step]) * rest / 1000
    }
}
