import Operations
import Rendering

/// Where log records go: each on one line of standard error, whatever a host's daemon said.
struct ConsoleLog: TextOutputStream {
    /// One record with its line end, as a log handler writes it.
    mutating func write(_ record: String) { Console.err(Self.line(of: record)) }

    static func line(of record: String) -> String {
        Format.oneLine(record.last?.isNewline == true ? String(record.dropLast()) : record)
    }
}
