import ArgumentParser
import ClusterModel
import Foundation
import PlacementPolicy
import Replay
import Scenarios
import Simulation

@testable import History
@testable import KVMBalanceCommands

/// Recorded folders, stories, imports and options.
extension Feed {
    func swallowRecording(_ text: String) throws {
        let folder = try FuzzFiles(text, first: "cluster.yaml").laid()
        let recording = HistoryFolder(path: folder.path)
        let policy = try recording.policy() ?? .default
        let world = try recording.read()
        // What is larger is slow and not wrong.
        guard world.base.hosts.count <= 6, world.base.domains.count <= 12,
            world.history.intervals <= 100
        else { return }
        _ = ReplayReport.sideBySide(world, [policy], seed: 1)
    }

    func swallowStory(_ text: String) throws {
        let folder = try FuzzFiles(text, first: "cluster.yaml").laid()
        let story = try ScenarioFolder(at: folder)
        guard story.world.hosts.count <= 4,
            story.world.hosts.reduce(0, { $0 + $1.domains.count }) <= 6
        else { return }
        _ = story.play()
    }

    /// A table as `import csv`, `bitbrains` and `planetlab` read it.
    func swallowTable(_ text: String) throws {
        let name = self == .planetlab ? "machine" : "table.csv"
        let folder = try FuzzFiles(text, first: name).laid()
        let day = folder.appending(path: "20110303")
        try FileManager.default.createDirectory(at: day, withIntermediateDirectories: true)
        try? FileManager.default.moveItem(
            at: folder.appending(path: "machine"), to: day.appending(path: "machine"))
        let (table, into) = (folder.appending(path: "table.csv").path, folder.path + "/fleet")
        let kind = self
        try blocking {
            var importer = try HistoryImporter(
                folder: into,
                shape: .init(
                    hosts: 2, cpus: 16, memory: .gibibytes(64), periodMilliseconds: 300_000))
            if kind == .planetlab {
                try await importer.addPlanetLab([day.path], vcpus: 2, memory: .gibibytes(4))
            } else if kind == .bitbrains {
                try await importer.addBitbrains([table])
            } else {
                try await importer.addCSV(
                    [table],
                    CSVHistory(
                        time: "time", domain: "domain", cpu: "cpu", unit: .percent,
                        vcpus: "vcpus", host: "host", memory: "bytes"))
            }
            _ = try await importer.finish()
        }
    }

    func swallowPrometheus(_ data: Data) throws {
        let series = try Prometheus.series(in: data, from: "http://localhost")
        let folder = try FuzzFiles("", first: "none").laid()
        try blocking {
            var importer = try HistoryImporter(
                folder: folder.path,
                shape: .init(
                    hosts: 0, cpus: 16, memory: .gibibytes(64), periodMilliseconds: 60_000))
            let source = PrometheusImport(try Prometheus("http://localhost"))
            try await source.add(series, [:], &importer)
            _ = try await importer.finish()
        }
    }

    /// A command line, a word a line, and what its values do to a small world.
    func swallowOptions(_ text: String) throws {
        let words = text.split(separator: "\n").map(String.init)
        let command = try KVMBalance.parseAsRoot(words)
        guard let simulate = command as? SimulateCommand else { return }
        let folder = try FuzzFiles(Self.smallRecording, first: "cluster.yaml").laid()
        let world = try simulate.change.whatIf.applied(
            to: HistoryFolder(path: folder.path).read())
        guard world.base.hosts.count <= 6, world.base.domains.count <= 12 else { return }
        _ = ReplayReport.sideBySide(world, [.default], seed: 1)
    }

    private static let smallRecording = """
        hosts:
          - {name: host1, cpus: 8, memory: 16GiB}
          - {name: host2, cpus: 8, memory: 16GiB}
        domains:
          - {name: web1, host: host1, vcpus: 2, memory: 2GiB}
        #### history.csv
        time,web1
        2026-11-21T10:00:00Z,100
        2026-11-21T10:01:00Z,200
        2026-11-21T10:02:00Z,300

        """

    private func blocking(_ body: @escaping @Sendable () async throws -> Void) throws {
        let done = DispatchSemaphore(value: 0)
        Task.detached {
            // Errors are the right answer to almost everything.
            try? await body()
            done.signal()
        }
        done.wait()
    }
}
