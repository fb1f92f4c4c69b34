/// An amount of memory or storage, in bytes.
package struct Bytes: Hashable, Comparable, Codable, Sendable, ExpressibleByIntegerLiteral {
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

    package static let zero = Bytes(0)
    package static func kibibytes(_ count: Int64) -> Bytes { Bytes(count * 1024) }
    package static func mebibytes(_ count: Int64) -> Bytes { Bytes(count * 1_048_576) }
    package static func gibibytes(_ count: Int64) -> Bytes { Bytes(count * 1_073_741_824) }

    package static func < (left: Bytes, right: Bytes) -> Bool { left.count < right.count }
    package static func + (left: Bytes, right: Bytes) -> Bytes { Bytes(left.count + right.count) }
    package static func - (left: Bytes, right: Bytes) -> Bytes { Bytes(left.count - right.count) }
    package static func += (left: inout Bytes, right: Bytes) { left.count += right.count }
    package static func -= (left: inout Bytes, right: Bytes) { left.count -= right.count }
}

extension Bytes: CustomStringConvertible {
    /// The largest binary unit that keeps one digit before the point: `1.5 GiB`, `96 MiB`, `512 B`.
    package var description: String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        // The largest numbers would not fit ten times.
        let isHuge = count.magnitude > UInt64.max / 10
        var tenths = (isHuge ? count.magnitude / 1024 : count.magnitude) * 10
        var unit = isHuge ? 1 : 0
        while tenths >= 10_240, unit < units.count - 1 {
            tenths /= 1024
            unit += 1
        }
        let sign = count < 0 ? "-" : ""
        let fraction = tenths % 10 == 0 || tenths >= 1000 ? "" : ".\(tenths % 10)"
        return "\(sign)\(tenths / 10)\(fraction) \(units[unit])"
    }
}
