import ArgumentParser
import ClusterModel
import History
import Operations
import PlacementPolicy
import Rendering

/// `kvmbalance import`: others' history, for backtest and record.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Turn others' history into a metrics database in a separate folder.",
        subcommands: [
            ImportPlanetLab.self, ImportBitbrains.self, ImportCSV.self, ImportPrometheus.self,
        ])
}

/// Where an import goes, and what the hosts there have.
struct ImportOptions: ParsableArguments {
    @Option(
        help: "A new folder, for kvmbalance.yaml and the database.", completion: .directory)
    var into: String
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

    @Argument(
        help: "Folders named by their day, such as 20110303, in order.",
        completion: .directory)
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
        try await importer.addPlanetLab(folders, vcpus: vcpus, memory: memory)
        Console.out(try await importer.finish().text)
        return .done
    }
}

/// `kvmbalance import bitbrains FILE…`.
struct ImportBitbrains: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "bitbrains",
        abstract: "GWA-T-12 as one CSV: vm,t,cores,cpu_cap_mhz,cpu_mhz,mem_cap_kb,…, also gzipped.")

    @Argument(
        help: "Files; the values of each machine in order of time.",
        completion: FleetCompletion.anyFile)
    var files: [String]
    @OptionGroup var target: ImportOptions
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        var importer = try target.importer()
        try await importer.addBitbrains(files)
        Console.out(try await importer.finish().text)
        return .done
    }
}

/// `kvmbalance import csv FILE…`.
struct ImportCSV: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "csv", abstract: "A CSV file whose first line names its columns.")

    @Argument(
        help: "Files; the values of each domain in order of time.",
        completion: FleetCompletion.anyFile)
    var files: [String]
    @Option(help: "Column: seconds or milliseconds since 1970, or a date.") var time = "time"
    @Option(help: "Column: the domain's name.") var domain = "domain"
    @Option(help: "Column: its CPU use.") var cpu = "cpu"
    @Option(help: "Unit of the CPU use: percent of its virtual CPUs, cpus or millicpus.")
    var unit = CSVHistory.Unit.percent
    @Option(help: "Column: its virtual CPUs.") var vcpus = "vcpus"
    @Option(help: "Column: its host; without one domains are distributed over --hosts.")
    var host: String?
    @Option(help: "Column: its memory in bytes.") var bytes: String?
    @OptionGroup var target: ImportOptions
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        var importer = try target.importer(named: host != nil)
        try await importer.addCSV(
            files,
            CSVHistory(
                time: time, domain: domain, cpu: cpu, unit: unit, vcpus: vcpus, host: host,
                memory: bytes))
        Console.out(try await importer.finish().text)
        return .done
    }
}

extension CSVHistory.Unit: ExpressibleByArgument {}
