import Operations
import Rendering

/// Lines at the foot of a terminal that are drawn over again and again, below those that stay.
///
/// The terminal may be made wider or narrower at any time. What was drawn is then broken again by
/// most terminals, so how many rows it takes is computed by the width of now.
struct TerminalFoot {
    /// The size of a terminal.
    struct Size: Hashable {
        var columns: Int
        var rows: Int

        /// What terminals had before they could tell.
        static let usual = Size(columns: 80, rows: 24)
    }

    private var lines: [ProgressLine] = []
    /// Columns of what was drawn, line by line.
    private var drawn: [Int] = []

    var isEmpty: Bool { lines.isEmpty }

    /// What to write for these lines in place of those before; none takes them away.
    mutating func show(_ lines: [ProgressLine], on size: Size) -> String {
        self.lines = lines
        return erase(on: size) + draw(on: size)
    }

    /// What to write for text that stays, with the lines under it again.
    mutating func say(_ text: String, on size: Size) -> String {
        erase(on: size) + text + draw(on: size)
    }

    /// What to write after the terminal changed, or the lines stayed as they are.
    private mutating func draw(on size: Size) -> String {
        // One row stays free for the cursor, and the last column: a full line is broken by some.
        let most = max(1, size.rows - 1)
        var shown = lines.map { $0.text(columns: size.columns - 1) }
        if shown.count > most, let last = shown.last {
            let kept = max(0, most - 2)
            let rest = Format.cut(
                "  … and \(shown.count - 1 - kept) more", to: size.columns - 1)
            shown = most > 1 ? shown[..<kept] + [rest, last] : [last]
        }
        drawn = shown.map(Format.columns)
        return shown.map { "\($0)\u{1B}[K\n" }.joined()
    }

    private mutating func erase(on size: Size) -> String {
        let rows = drawn.reduce(0) { $0 + max(1, ($1 + size.columns - 1) / size.columns) }
        drawn = []
        // To the first column too: a key that was pressed meanwhile stands there.
        return rows == 0 ? "" : "\r\u{1B}[\(rows)A\u{1B}[J"
    }
}

/// A bar with words, which gives up what matters least where there is little room.
struct ProgressLine: Hashable {
    var fraction: Double
    var name: String
    /// What is shown beside it, the most important first.
    var figures: [String] = []

    private static let bars = [24, 10]

    /// Never wider than this many columns.
    func text(columns: Int) -> String {
        let name = Format.oneLine(name)
        for width in Self.bars {
            let whole = line(width, name, figures)
            if Format.columns(whole) <= columns { return whole }
        }
        let narrow = Self.bars.last ?? 0
        for count in stride(from: figures.count - 1, through: 1, by: -1) {
            let fewer = line(narrow, name, figures.prefix(count))
            if Format.columns(fewer) <= columns { return fewer }
        }
        // Of a long name its beginning, as long as the first figure stays beside it.
        let rest = columns - Format.columns(line(narrow, "", figures.prefix(1)))
        let short = line(narrow, Format.cut(name, to: max(8, rest)), figures.prefix(1))
        return Format.cut(short, to: columns)
    }

    private func line(_ bar: Int, _ name: String, _ figures: some Sequence<String>) -> String {
        let words = figures.map(Format.oneLine).joined(separator: ", ")
        return "  \(Format.bar(fraction, width: bar)) \(name)" + (words.isEmpty ? "" : "  \(words)")
    }
}
