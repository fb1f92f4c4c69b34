import Foundation

/// How every benchmark ends: a table for people, and as its last line one of JSON for programs.
enum Printout {
    static func table(_ rows: [(String, String)], width: Int = 24) {
        for (name, value) in rows {
            print(name.padding(toLength: width, withPad: " ", startingAt: 0) + value)
        }
    }

    static func lastLine(_ report: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
    }
}
