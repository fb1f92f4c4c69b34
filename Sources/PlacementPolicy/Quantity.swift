package import ClusterModel

/// Reads the amounts of a policy file: exact decimals with a unit, never floating point. What is
/// more than anybody can mean is as wrong as a missing unit: it gives nil, and nothing computed
/// from it overflows.
package enum Quantity {
    /// A hundred years, in seconds.
    package static let mostSeconds: Int64 = 36_525 * 86_400
    package static let mostMemory = Plausible.memory
    /// MiB a second.
    package static let mostSpeed = 1_000_000
    /// In thousandths of one.
    package static let mostCPU = MilliCPU.cpus(Plausible.cpus)

    /// `4GiB`, `512 MiB`, `1.5GiB`. Only binary units: `4GB` could mean two things. Up to 1024TiB.
    package static func bytes(_ text: String) -> Bytes? {
        let units: [(String, Int64)] = [
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
        ]
        return number(text, units: units, upTo: mostMemory.count).map { Bytes($0) }
    }

    /// `30s`, `15m`, `2h`, `1d`, in seconds. Up to 36525d.
    package static func seconds(_ text: String) -> Int64? {
        number(text, units: [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)], upTo: mostSeconds)
    }

    /// `300ms`, `2s`, `1.5m`, in milliseconds.
    package static func milliseconds(_ text: String) -> Int64? {
        number(text, units: [("ms", 1), ("s", 1000), ("m", 60_000)], upTo: mostSeconds * 1000)
    }

    /// `100MiB/s`, in whole MiB a second. Up to 1000000MiB/s.
    package static func mebibytesPerSecond(_ text: String) -> Int? {
        number(text, units: [("MiB/s", 1), ("GiB/s", 1024)], upTo: Int64(mostSpeed)).map { Int($0) }
    }

    /// `93.7 W`, in thousandths of a watt.
    package static func milliwatts(_ text: String) -> Int64? {
        number(text, units: [("W", 1000)])
    }

    /// `0.5`, `2`, `1.25` as thousandths.
    package static func thousandths(_ text: String) -> Int64? { scaled(text, by: 1000) }

    private static func number(
        _ text: String, units: [(String, Int64)], upTo most: Int64 = .max
    ) -> Int64? {
        for (unit, factor) in units where text.hasSuffix(unit) {
            var digits = text.dropLast(unit.count)
            if digits.last == " " { digits = digits.dropLast() }
            return scaled(String(digits), by: factor).flatMap { $0 <= most ? $0 : nil }
        }
        return nil
    }

    /// A decimal of at most three places times a factor; nil for anything else or where it
    /// overflows.
    private static func scaled(_ text: String, by factor: Int64) -> Int64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isDigits = { (part: Substring) in
            !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) }
        }
        guard (1...2).contains(parts.count), parts.allSatisfy(isDigits),
            let whole = Int64(parts[0]), parts.count == 1 || parts[1].count <= 3,
            let fraction = Int64(
                parts.count == 1
                    ? "0" : parts[1] + String(repeating: "0", count: 3 - parts[1].count))
        else { return nil }
        let (product, overflows) = whole.multipliedReportingOverflow(by: factor)
        let (sum, exceeds) = product.addingReportingOverflow(fraction * factor / 1000)
        return overflows || exceeds ? nil : sum
    }
}
