import Foundation
import Operations

/// A text file read line by line, however long it is; `.gz` is unpacked by gzip on the way.
struct LineSource {
    let file: String
    private(set) var number = 0
    private let handle: FileHandle
    private let process: Process?
    private var buffer: [UInt8] = []
    private var place = 0
    private var isOver = false

    /// A longer line cannot be one of ours.
    static let longest = 16 << 20

    init(_ file: String) throws {
        self.file = file
        guard FileManager.default.isReadableFile(atPath: file) else {
            throw CommandError("\(file) cannot be read: there is no such file, or it is closed")
        }
        if file.hasSuffix(".gz") {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["gzip", "-dc", "--", file]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            self.process = process
            handle = pipe.fileHandleForReading
        } else {
            process = nil
            handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
        }
    }

    func error(_ message: String) -> CommandError {
        CommandError("\(file), line \(number): \(message)")
    }

    /// The next line that is not empty, without its end.
    mutating func next() throws -> String? {
        while true {
            if let end = buffer[place...].firstIndex(of: 10) {
                let line = text(buffer[place..<end])
                place = end + 1
                number += 1
                if !line.isEmpty { return line }
                continue
            }
            guard !isOver else {
                let line = text(buffer[place...])
                (buffer, place) = ([], 0)
                number += 1
                return line.isEmpty ? nil : line
            }
            try fill()
        }
    }

    private mutating func fill() throws {
        buffer.removeSubrange(..<place)
        place = 0
        guard buffer.count < Self.longest else {
            number += 1
            throw error("it is longer than \(Self.longest) bytes")
        }
        if let more = try handle.read(upToCount: 1 << 20), !more.isEmpty {
            buffer += more
        } else {
            isOver = true
            process?.waitUntilExit()
            if let process, process.terminationStatus != 0 {
                throw CommandError("\(file) cannot be unpacked by gzip: it is damaged")
            }
        }
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.last == 13 ? bytes.dropLast() : bytes, as: UTF8.self)
    }
}

/// A file that is written line by line and takes its name only when it is whole.
struct LineSink {
    private let path: String
    private let handle: FileHandle
    private var buffer = ""

    init(_ path: String) throws {
        self.path = path
        guard
            FileManager.default.createFile(
                atPath: path + ".new", contents: nil, attributes: [.posixPermissions: 0o600]),
            let handle = FileHandle(forWritingAtPath: path + ".new")
        else { throw CommandError("\(path) cannot be written", exit: .failed) }
        self.handle = handle
    }

    mutating func add(_ line: String) throws {
        buffer += line + "\n"
        if buffer.utf8.count > 1 << 20 { try flush() }
    }

    mutating func finish() throws {
        try flush()
        try handle.close()
        guard rename(path + ".new", path) == 0 else {
            throw CommandError("\(path) cannot be written", exit: .failed)
        }
    }

    private mutating func flush() throws {
        do { try handle.write(contentsOf: Data(buffer.utf8)) } catch {
            throw CommandError("\(path) cannot be written: \(error.reason)", exit: .failed)
        }
        buffer = ""
    }
}

/// One line of comma-separated values (RFC 4180, without line ends in quotes).
enum CSVLine {
    static func fields(_ line: String, _ source: LineSource) throws -> [String] {
        guard line.contains("\"") else {
            return line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        var fields = [""]
        var isQuoted = false
        var previous: Character?
        for character in line {
            if character == "\"" {
                if !isQuoted, previous == "\"" { fields[fields.count - 1].append("\"") }
                isQuoted.toggle()
            } else if character == ",", !isQuoted {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
            previous = character
        }
        guard !isQuoted else { throw source.error("a quotation mark is not closed") }
        return fields
    }
}
