package import ClusterModel

/// The order in which people look for names: host2 before host10.
///
/// For the eye alone. What plans are made of, and what programs read, is in the order of plain
/// text.
package enum NaturalOrder {
    package static func precedes(_ left: String, _ right: String) -> Bool {
        var (a, b) = (left.unicodeScalars[...], right.unicodeScalars[...])
        while let first = a.first, let second = b.first {
            guard isDigit(first), isDigit(second) else {
                if first != second { return first < second }
                a.removeFirst()
                b.removeFirst()
                continue
            }
            let (own, other) = (number(&a), number(&b))
            if own.count != other.count { return own.count < other.count }
            if own != other { return own.lexicographicallyPrecedes(other) }
        }
        // Names that differ in leading zeros alone must have an order too.
        return a.isEmpty == b.isEmpty ? left < right : a.isEmpty
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    /// Takes a run of digits off the front; without leading zeros, so that a longer one is larger.
    private static func number(_ text: inout Substring.UnicodeScalarView) -> [Unicode.Scalar] {
        let digits = text.prefix(while: isDigit)
        text = text.dropFirst(digits.count)
        return Array(digits.drop { $0 == "0" })
    }
}

extension Sequence<HostName> {
    package var inNaturalOrder: [HostName] {
        sorted { NaturalOrder.precedes($0.rawValue, $1.rawValue) }
    }
}

extension Sequence {
    /// In the order of a name that each has.
    package func inNaturalOrder(of name: (Element) -> String) -> [Element] {
        sorted { NaturalOrder.precedes(name($0), name($1)) }
    }
}
