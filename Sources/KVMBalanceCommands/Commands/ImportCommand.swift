import ArgumentParser
import ClusterModel
import Foundation
import PlacementPolicy

/// `kvmbalance import`: others' history, for backtest and record.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Turn others' history into a metrics database of its own folder.",
        subcommands: [
            ImportPlanetLab.self, ImportBitbrains.self, ImportCSV.self, ImportPrometheus.self,
        ])
}

/// Where an import goes, and what the hosts there have.
struct ImportOptions: ParsableArguments {
    @Option(help: "A new folder, for kvmbalance.yaml and the database.") var into: String
    @Option(help: "Number of hosts to create if the data names none.") var hosts = 10
    @Option(help: "CPUs of each host.") var cpus = 32
    @Option(help: "Memory of each host, such as 256GiB.") var memory = "256GiB"
    @Option(help: "Time between two values, up to 10m.") var period = "5m"

    func importer(named: Bool = false) throws -> HistoryImporter {
        guard let bytes = Quantity.bytes(memory), bytes > .zero else {
            throw CommandError(
                "--memory '\(memory)' is not a size such as 256GiB, of 1024TiB at most")
        }
        // Rates over more than ten minutes are not believed: they hide the peaks.
        guard let seconds = Quantity.seconds(period), (1...600).contains(seconds) else {
            throw CommandError("--period '\(period)' is not a time such as 5m, up to 10m")
        }
        guard (1...100_000).contains(hosts), (1...100_000).contains(cpus) else {
            throw CommandError("--hosts and --cpus take 1 to 100000")
        }
        return try HistoryImporter(
            folder: into,
            shape: .init(
                hosts: named ? 0 : hosts, cpus: cpus, memory: bytes,
                periodMilliseconds: seconds * 1000))
    }
}

/// `kvmbalance import planetlab FOLDER…`.
struct ImportPlanetLab: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "planetlab",
        abstract: "Folders of traces: one file a machine, a percentage of its CPUs in each line.")

    @Argument(help: "Folders named by their day, such as 20110303, in order.")
    var folders: [String]
    @Option(help: "Virtual CPUs of each machine.") var vcpus = 2
    @Option(help: "Memory of each machine.") var guestMemory = "4GiB"
    @OptionGroup var target: ImportOptions
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        guard let memory = Quantity.bytes(guestMemory), (1...1024).contains(vcpus) else {
            throw CommandError("--guest-memory takes a size such as 4GiB, --vcpus 1 to 1024")
        }
        var importer = try target.importer()
        for folder in folders {
            let start = try day(folder)
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: folder)
                    .sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
            } catch {
                throw CommandError("\(folder) cannot be read: \(error.reason)")
            }
            for name in names {
                var lines = try LineSource("\(folder)/\(name)")
                let guest = HistoryImporter.Guest(name: name, vcpus: vcpus, memory: memory)
                var at = start
                while let line = try lines.next() {
                    guard let percent = Int64(line), (0...100).contains(percent) else {
                        throw lines.error("'\(line)' is not a percentage from 0 to 100")
                    }
                    at = at.advanced(byMilliseconds: 300_000)
                    try await importer.add(
                        guest, at: at, use: percent * Int64(vcpus) * 10, in: lines)
                }
            }
        }
        Console.out(try await importer.finish())
        return .done
    }

    private func day(_ folder: String) throws -> Timestamp {
        let name = URL(fileURLWithPath: folder).lastPathComponent
        let digits = Array(name)
        guard digits.count == 8, digits.allSatisfy(\.isNumber),
            let day = Timestamp(
                "\(String(digits[0..<4]))-\(String(digits[4..<6]))-\(String(digits[6..<8]))"
                    + "T00:00:00Z")
        else { throw CommandError("\(folder): the folder's name is not a day such as 20110303") }
        return day
    }
}

/// `kvmbalance import bitbrains FILE…`.
struct ImportBitbrains: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "bitbrains",
        abstract: "GWA-T-12 as one CSV: vm,t,cores,cpu_cap_mhz,cpu_mhz,mem_cap_kb,…, also gzipped.")

    @Argument(help: "Files; the values of each machine in order of time.") var files: [String]
    @OptionGroup var target: ImportOptions
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        var importer = try target.importer()
        for file in files {
            var table = try CSVTable(
                file, ["vm", "t", "cores", "cpu_cap_mhz", "cpu_mhz", "mem_cap_kb"])
            while let row = try table.next() {
                let cores = Int(try table.number(row[2], 1...1024))
                let capacity = try table.number(row[3], 1...10_000_000)
                let used = try table.number(row[4], 0...10_000_000)
                let kilobytes = try table.number(row[5], 1...1e12)
                try await importer.add(
                    HistoryImporter.Guest(
                        name: "vm\(row[0])", vcpus: cores,
                        memory: .kibibytes(Int64(kilobytes))),
                    at: try table.time(row[1]),
                    use: Int64(saturating: used / capacity * Double(cores) * 1000), in: table.lines)
            }
        }
        Console.out(try await importer.finish())
        return .done
    }
}

/// `kvmbalance import csv FILE…`.
struct ImportCSV: FleetCommand {
    enum Unit: String, ExpressibleByArgument, CaseIterable { case percent, cpus, millicpus }

    static let configuration = CommandConfiguration(
        commandName: "csv", abstract: "A CSV file whose first line names its columns.")

    @Argument(help: "Files; the values of each domain in order of time.") var files: [String]
    @Option(help: "Column: seconds or milliseconds since 1970, or a date.") var time = "time"
    @Option(help: "Column: the domain's name.") var domain = "domain"
    @Option(help: "Column: its CPU use.") var cpu = "cpu"
    @Option(help: "Unit of the CPU use: percent of its virtual CPUs, cpus or millicpus.")
    var unit = Unit.percent
    @Option(help: "Column: its virtual CPUs.") var vcpus = "vcpus"
    @Option(help: "Column: its host; without one domains are distributed over --hosts.")
    var host: String?
    @Option(help: "Column: its memory in bytes.") var bytes: String?
    @OptionGroup var target: ImportOptions
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        var importer = try target.importer(named: host != nil)
        let columns = [time, domain, cpu, vcpus] + [host, bytes].compactMap(\.self)
        for file in files {
            var table = try CSVTable(file, columns)
            while let row = try table.next() {
                // An empty cell is a hole: nothing was measured then.
                guard !row[2].isEmpty else { continue }
                let count = Int(try table.number(row[3], 1...1024))
                let value = try table.number(row[2], 0...1e9)
                let factor: Double =
                    switch unit {
                    case .percent: Double(count) * 10
                    case .cpus: 1000
                    case .millicpus: 1
                    }
                let memory = try bytes == nil ? nil : table.number(row[row.count - 1], 1...1e15)
                try await importer.add(
                    HistoryImporter.Guest(
                        name: row[1], host: host == nil ? nil : HostName(row[4]), vcpus: count,
                        memory: memory.map { Bytes(Int64($0)) }),
                    at: try table.time(row[0]), use: Int64(saturating: value * factor),
                    in: table.lines)
            }
        }
        Console.out(try await importer.finish())
        return .done
    }
}

/// A CSV file of which some columns are wanted, by name.
struct CSVTable {
    private(set) var lines: LineSource
    private let places: [Int]
    private let count: Int

    init(_ file: String, _ columns: [String]) throws {
        var lines = try LineSource(file)
        guard let header = try lines.next() else { throw lines.error("the file is empty") }
        let names = try CSVLine.fields(header, lines)
        places = try columns.map { column in
            guard let place = names.firstIndex(of: column) else {
                throw lines.error(
                    "there is no column '\(column)'; there are \(names.joined(separator: ", "))")
            }
            return place
        }
        count = names.count
        self.lines = lines
    }

    /// The wanted fields of the next line.
    mutating func next() throws -> [String]? {
        guard let line = try lines.next() else { return nil }
        let fields = try CSVLine.fields(line, lines)
        guard fields.count == count else {
            throw lines.error("\(fields.count) fields, not \(count)")
        }
        return places.map { fields[$0] }
    }

    func number(_ text: String, _ range: ClosedRange<Double>) throws -> Double {
        guard let value = Double(text), value.isFinite, range.contains(value) else {
            throw lines.error(
                "'\(text)' is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// From 1970 to 2099.
    private static let times: Range<Int64> = 0..<4_102_444_800_000

    func time(_ text: String) throws -> Timestamp {
        if let time = Timestamp(text), Self.times.contains(time.milliseconds) { return time }
        guard let value = Int64(text), Self.times.contains(value) else {
            throw lines.error(
                "'\(text)' is neither a date from 1970 to 2099 nor seconds since 1970")
        }
        // What would be later than the year 5000 in seconds is milliseconds.
        return value > 100_000_000_000
            ? Timestamp(milliseconds: value) : Timestamp(seconds: value)
    }
}

extension HistoryImporter {
    /// Adds a value; what is wrong with it is said with file and line.
    mutating func add(
        _ guest: Guest, at time: Timestamp, use: Int64, in lines: LineSource
    ) async throws {
        do {
            try await add(guest, at: time, use: use)
        } catch let error as Refused {
            throw lines.error("\(guest.name): \(error.message)")
        }
    }
}
