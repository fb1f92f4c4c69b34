import PlacementPolicy

/// Which of many lists of name patterns hold a name, without holding every list against every name.
///
/// A pattern matches only names that begin with what it says before its first `*` or `?`: for each
/// name only the patterns with its first letters are tried.
struct CheckedNames {
    private struct Entry {
        var list: Int
        var pattern: NamePattern
    }

    private var byBeginning: [[UInt8]: [Entry]] = [:]
    private let lengths: [Int]

    init(_ lists: [[NamePattern]]) {
        var lengths: Set<Int> = []
        for (list, patterns) in lists.enumerated() {
            for pattern in patterns {
                let beginning = pattern.text.utf8.prefix {
                    $0 != UInt8(ascii: "*") && $0 != UInt8(ascii: "?")
                }
                byBeginning[Array(beginning), default: []].append(
                    Entry(list: list, pattern: pattern))
                lengths.insert(beginning.count)
            }
        }
        self.lengths = lengths.sorted()
    }

    /// The numbers of the lists of which some pattern matches, each once, in order.
    func lists(holding name: String) -> [Int] {
        let bytes = Array(name.utf8)
        var found: Set<Int> = []
        for length in lengths where length <= bytes.count {
            for entry in byBeginning[Array(bytes[..<length])] ?? []
            where entry.pattern.matches(name) { found.insert(entry.list) }
        }
        return found.sorted()
    }
}
