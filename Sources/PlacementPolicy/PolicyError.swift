/// What is wrong in a policy file, and where.
package struct PolicyError: Error, Hashable, Sendable, CustomStringConvertible {
    package var message: String
    /// From 1; nil when the whole document is meant.
    package var line: Int?
    package var column: Int?

    package init(_ message: String, line: Int? = nil, column: Int? = nil) {
        self.message = message
        self.line = line
        self.column = column
    }

    package var description: String {
        guard let line, let column else { return message }
        return "line \(line), column \(column): \(message)"
    }
}
