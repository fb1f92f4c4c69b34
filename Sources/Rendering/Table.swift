import Operations

/// A table for people: columns padded to their widest cell, two blanks between.
package struct Table {
    enum Alignment { case left, right }

    private let header: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// `columns` are titles; one that starts with `>` is aligned to the right.
    package init(_ columns: String...) { self.init(columns: columns) }

    package init(columns: [String]) {
        alignments = columns.map { $0.hasPrefix(">") ? .right : .left }
        header = columns.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
    }

    /// What would steer a terminal or end a line is made visible here: it takes more room then.
    package mutating func add(_ cells: String...) { add(cells) }
    package mutating func add(_ cells: [String]) { rows.append(cells.map(Format.oneLine)) }
    package var isEmpty: Bool { rows.isEmpty }

    package var text: String {
        let all = [header] + rows
        let widths = header.indices.map { column in
            all.map { Format.columns($0[column]) }.max() ?? 0
        }
        return all.map { row in
            let cells = row.indices.map { column in
                let blanks = String(
                    repeating: " ", count: widths[column] - Format.columns(row[column]))
                return alignments[column] == .right
                    ? blanks + row[column] : row[column] + blanks
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
