package import ClusterModel

/// How long a call takes and what becomes of it: drawn from a seed, or always the same, so that a
/// story that people read does not change with every call more.
package enum Lot: Sendable {
    case drawn(SplitMix64)
    /// Each call takes this long, and nothing is lost.
    case fixed(milliseconds: Int64)

    mutating func milliseconds(in range: ClosedRange<Int64>) -> Int64 {
        switch self {
        case .fixed(let milliseconds): return milliseconds
        case .drawn(var generator):
            defer { self = .drawn(generator) }
            return generator.number(in: range)
        }
    }

    /// Until a process that died is started again.
    var pause: Int64 {
        mutating get {
            switch self {
            case .fixed: 5000
            case .drawn: milliseconds(in: 100...60_000)
            }
        }
    }

    mutating func chance(_ percent: Int) -> Bool {
        switch self {
        case .fixed: return false
        case .drawn(var generator):
            defer { self = .drawn(generator) }
            return generator.chance(percent)
        }
    }
}
