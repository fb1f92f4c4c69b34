/// Exponential and logarithm from additions and multiplications alone, so that they give the same
/// bits on every machine and need no library.
enum Logarithm {
    private static let ofTwo = 0.693147180559945309417

    static func exponential(_ value: Double) -> Double {
        let halvings = 16
        let small = value / Double(1 << halvings)
        var result = 1 + small * (1 + small / 2 * (1 + small / 3))
        for _ in 0..<halvings { result *= result }
        return result
    }

    /// Of a value above zero.
    static func natural(_ value: Double) -> Double {
        let ratio = (value.significand - 1) / (value.significand + 1)
        var power = ratio
        var sum = 0.0
        for term in 0..<24 {
            sum += power / Double(2 * term + 1)
            power *= ratio * ratio
        }
        return Double(value.exponent) * ofTwo + 2 * sum
    }
}
