/// Guesses what a person meant to type.
enum Spelling {
    /// ` Maybe you meant 'x'.` for the nearest candidate, or nothing when none is near.
    static func suggestion(for word: String, among candidates: [String]) -> String {
        let ranked = candidates.map { (name: $0, distance: distance(word, $0)) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }),
            best.distance <= max(2, best.name.count / 3)
        else { return "" }
        return " Maybe you meant '\(best.name)'."
    }

    /// Levenshtein's distance without regard to case, hyphens and underscores; O(n·m).
    static func distance(_ left: String, _ right: String) -> Int {
        let plain = { (text: String) in text.lowercased().filter { $0 != "-" && $0 != "_" } }
        let (left, right) = (Array(plain(left)), Array(plain(right)))
        var row = Array(0...right.count)
        for (i, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let substituted = diagonal + (character == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
