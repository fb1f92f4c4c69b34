/// A value of zero or more in 16 bits, wrong by at most one part in 2,048: an hour of ten thousand
/// domains then fits into memory.
///
/// Values below 2,048 are exact. Above, ten bits follow the leading one, and the exponent.
struct CompactValue: Hashable, Sendable {
    private let code: UInt16

    static let missing = CompactValue(code: .max)

    private init(code: UInt16) { self.code = code }

    /// Nil and what cannot be, a negative value, are missing.
    init(_ value: Int64?) {
        guard let value, value >= 0 else {
            self = .missing
            return
        }
        let exponent = max(0, 53 - value.leadingZeroBitCount)
        code = UInt16(exponent * 1024) + UInt16(value >> Int64(exponent))
    }

    var value: Int64? {
        guard self != .missing else { return nil }
        let exponent = max(0, Int64(code / 1024) - 1)
        let leading = Int64(code) - exponent * 1024
        return leading << exponent + (1 << exponent) / 2
    }
}
