/// CPU demand or capacity in thousandths of one logical CPU: 1500 is one CPU and a half.
package struct MilliCPU: Hashable, Comparable, Codable, Sendable, ExpressibleByIntegerLiteral {
    package var count: Int64

    package init(_ count: Int64) { self.count = count }
    package init(integerLiteral value: Int64) { self.count = value }
    package init(from decoder: any Decoder) throws {
        count = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(count)
    }

    package static let zero = MilliCPU(0)
    package static func cpus(_ count: Int) -> MilliCPU { MilliCPU(Int64(count) * 1000) }

    package static func < (left: Self, right: Self) -> Bool { left.count < right.count }
    package static func + (left: Self, right: Self) -> Self { Self(left.count + right.count) }
    package static func - (left: Self, right: Self) -> Self { Self(left.count - right.count) }
    package static func += (left: inout Self, right: Self) { left.count += right.count }
    package static func -= (left: inout Self, right: Self) { left.count -= right.count }
}

extension MilliCPU: CustomStringConvertible {
    /// `1.5 CPUs`, `0.04 CPUs`: hundredths of a CPU are the finest that is worth reading.
    package var description: String {
        let hundredths = count.magnitude / 10 + (count.magnitude % 10 + 5) / 10
        let sign = count < 0 ? "-" : ""
        let rest = hundredths % 100
        let fraction =
            rest == 0 ? "" : rest % 10 == 0 ? ".\(rest / 10)" : ".\(rest < 10 ? "0" : "")\(rest)"
        return "\(sign)\(hundredths / 100)\(fraction) CPUs"
    }
}
