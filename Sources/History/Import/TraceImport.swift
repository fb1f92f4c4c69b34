package import ClusterModel
import Foundation
import Operations

/// The names of a CSV file's columns, and what its CPU use counts.
package struct CSVHistory {
    package enum Unit: String, CaseIterable, Sendable {
        /// Of its virtual CPUs.
        case percent
        case cpus, millicpus
    }

    /// Seconds or milliseconds since 1970, or a date.
    var time: String
    var domain: String
    var cpu: String
    var unit: Unit
    var vcpus: String
    /// nil where the file tells of no hosts.
    var host: String?
    /// Bytes; nil where the file does not tell.
    var memory: String?

    package init(
        time: String, domain: String, cpu: String, unit: Unit, vcpus: String, host: String?,
        memory: String?
    ) {
        self.time = time
        self.domain = domain
        self.cpu = cpu
        self.unit = unit
        self.vcpus = vcpus
        self.host = host
        self.memory = memory
    }

    fileprivate var columns: [String] {
        [time, domain, cpu, vcpus] + [host, memory].compactMap(\.self)
    }
}

/// Traces that others have published, and the user's own tables.
extension HistoryImporter {
    /// Folders of a day each, named such as 20110303 and in order: one file a machine, a percentage
    /// of its CPUs in each line, every five minutes.
    package mutating func addPlanetLab(
        _ folders: [String], vcpus: Int, memory: Bytes
    ) async throws {
        for folder in folders {
            let start = try Self.day(folder)
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: folder)
                    .sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
            } catch {
                throw CommandError("\(folder) cannot be read: \(error.reason)")
            }
            for name in names {
                var lines = try LineSource("\(folder)/\(name)")
                let guest = Guest(name: name, vcpus: vcpus, memory: memory)
                var at = start
                while let line = try lines.next() {
                    guard let percent = Int64(line), (0...100).contains(percent) else {
                        throw lines.error("'\(line)' is not a percentage from 0 to 100")
                    }
                    at = at.advanced(byMilliseconds: 300_000)
                    try await add(guest, at: at, use: percent * Int64(vcpus) * 10, in: lines)
                }
            }
        }
    }

    private static func day(_ folder: String) throws -> Timestamp {
        let name = URL(fileURLWithPath: folder).lastPathComponent
        let digits = Array(name)
        guard digits.count == 8, digits.allSatisfy(\.isNumber),
            let day = Timestamp(
                "\(String(digits[0..<4]))-\(String(digits[4..<6]))-\(String(digits[6..<8]))"
                    + "T00:00:00Z")
        else { throw CommandError("\(folder): the folder's name is not a day such as 20110303") }
        return day
    }

    /// GWA-T-12 as one CSV; the values of each machine in order of time.
    package mutating func addBitbrains(_ files: [String]) async throws {
        for file in files {
            var table = try CSVTable(
                file, ["vm", "t", "cores", "cpu_cap_mhz", "cpu_mhz", "mem_cap_kb"])
            while let row = try table.next() {
                let cores = Int(try table.number(row[2], 1...1024))
                let capacity = try table.number(row[3], 1...10_000_000)
                let used = try table.number(row[4], 0...10_000_000)
                let kilobytes = try table.number(row[5], 1...1e12)
                try await add(
                    Guest(
                        name: "vm\(row[0])", vcpus: cores,
                        memory: .kibibytes(Int64(kilobytes))),
                    at: try table.time(row[1]),
                    use: Int64(saturating: used / capacity * Double(cores) * 1000), in: table.lines)
            }
        }
    }

    /// Files with these columns; the values of each domain in order of time.
    package mutating func addCSV(_ files: [String], _ history: CSVHistory) async throws {
        for file in files {
            var table = try CSVTable(file, history.columns)
            while let row = try table.next() {
                // An empty cell is a hole: nothing was measured then.
                guard !row[2].isEmpty else { continue }
                let count = Int(try table.number(row[3], 1...1024))
                let value = try table.number(row[2], 0...1e9)
                let factor: Double =
                    switch history.unit {
                    case .percent: Double(count) * 10
                    case .cpus: 1000
                    case .millicpus: 1
                    }
                let memory =
                    try history.memory == nil ? nil : table.number(row[row.count - 1], 1...1e15)
                try await add(
                    Guest(
                        name: row[1], host: history.host == nil ? nil : HostName(row[4]),
                        vcpus: count, memory: memory.map { Bytes(Int64($0)) }),
                    at: try table.time(row[0]), use: Int64(saturating: value * factor),
                    in: table.lines)
            }
        }
    }
}
