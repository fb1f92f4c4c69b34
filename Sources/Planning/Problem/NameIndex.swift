import PlacementPolicy

/// Finds the names that patterns match without holding every pattern against every name: what a
/// pattern says before its first `*` or `?` bounds a stretch of the sorted names.
struct NameIndex {
    private let names: [String]
    private let sorted: [Int]
    /// Beyond ASCII the order of strings is not the order of their bytes: then all are looked at.
    private let isPlain: Bool

    init(_ names: [String]) {
        self.names = names
        isPlain = names.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
        sorted = names.indices.sorted { names[$0] < names[$1] }
    }

    /// Indices of the names that some pattern matches, in order, each once.
    func indices(matching patterns: [NamePattern]) -> [Int] {
        var found: [Int] = []
        for pattern in patterns {
            let prefix = String(pattern.text.prefix { $0 != "*" && $0 != "?" })
            guard isPlain, prefix.utf8.allSatisfy({ $0 < 0x80 }) else {
                found += names.indices.filter { pattern.matches(names[$0]) }
                continue
            }
            var position = first(notBefore: prefix)
            while position < sorted.count, names[sorted[position]].hasPrefix(prefix) {
                if pattern.matches(names[sorted[position]]) { found.append(sorted[position]) }
                position += 1
            }
        }
        return Set(found).sorted()
    }

    private func first(notBefore prefix: String) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if names[sorted[middle]] < prefix { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
