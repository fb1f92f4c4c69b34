import TestSupport

extension TerminalProgram {
    /// kvmbalance with these words.
    convenience init(_ words: [String], environment: [String: String] = [:]) throws {
        try self.init(line: [Program.path] + words, environment: environment)
    }
}
