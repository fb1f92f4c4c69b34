import ClusterModel

extension MarkupElement {
    /// A whole number, or a fault that names the place.
    func wholeNumber(_ text: String, in bounds: ClosedRange<Int>) throws(MalformedXML) -> Int {
        guard let number = Int(text), bounds.contains(number) else {
            throw MalformedXML(
                "<\(name)>: '\(text.prefix(40))' is no whole number from \(bounds.lowerBound) to "
                    + "\(bounds.upperBound)")
        }
        return number
    }

    /// An amount of memory with libvirt's units; KiB where none is given.
    func memory() throws(MalformedXML) -> Bytes {
        try memory(trimmedText, unit: attribute("unit"))
    }

    func memory(
        _ text: String, unit: String?, upTo most: Bytes = .mostPlausible
    ) throws(MalformedXML) -> Bytes {
        guard let factor = Self.units[unit ?? "KiB"],
            let bytes = Bytes.plausible(Int64(text), unit: factor, upTo: most)
        else {
            throw MalformedXML(
                "<\(name)>: '\(text.prefix(40)) \((unit ?? "KiB").prefix(20))' is not an amount of "
                    + "memory up to \(most)")
        }
        return bytes
    }

    /// Source: libvirt's formatdomain, element `memory`.
    private static let units: [String: Int64] = [
        "b": 1, "bytes": 1, "KB": 1000, "k": 1024, "KiB": 1024, "MB": 1_000_000, "M": 1 << 20,
        "MiB": 1 << 20, "GB": 1_000_000_000, "G": 1 << 30, "GiB": 1 << 30,
        "TB": 1_000_000_000_000, "T": 1 << 40, "TiB": 1 << 40,
    ]
}

/// Lists of numbers in libvirt's spelling: `0-3,^2,8`.
enum NumberList {
    /// More CPUs or cells than Linux has.
    static let highest = 8191

    static func numbers(_ text: String) throws(MalformedXML) -> [Int] {
        var found: Set<Int> = []
        for part in text.split(separator: ",") {
            let piece = part.filter { !$0.isWhitespace }
            if piece.hasPrefix("^"), let number = Int(piece.dropFirst()) {
                found.remove(number)
                continue
            }
            let ends = piece.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1],
                low >= 0, high >= low, high <= highest
            else { throw MalformedXML("'\(text.prefix(60))' is no list such as 0-3,8") }
            found.formUnion(low...high)
        }
        return found.sorted()
    }
}
