import ArgumentParser
import ClusterModel
import Foundation
import History
import Operations
import Simulation

/// `kvmbalance simulated-fleet DIR`: a fleet to try kvmbalance on, without hypervisors.
struct SimulatedFleetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulated-fleet",
        abstract: "Create a simulated fleet in a folder, with a fleet file for it.")

    @Argument(
        help: "The folder: fleet.json, kvmbalance.yaml and the databases go there.",
        completion: .directory)
    var folder: String
    @Option(help: "Number of hosts.") var hosts = 3
    @Option(help: "Number of domains.") var domains = 8
    @Option(help: "The same seed makes the same fleet.") var seed: UInt64 = 1
    @Option(help: "How many times faster than real time migrations run.") var speed = 10.0
    @Flag(help: "Write over a fleet that is in the folder already.") var force = false

    func validate() throws {
        guard (1...10_000).contains(hosts), (0...200_000).contains(domains), speed > 0 else {
            throw ValidationError(
                "give 1 to 10000 --hosts, 0 to 200000 --domains and a --speed above 0.")
        }
    }

    func run() async throws {
        do {
            let base = URL(fileURLWithPath: folder)
            try TextFile.refuseExisting(
                ["fleet.json", "kvmbalance.yaml"].map { base.appendingPathComponent($0).path },
                isForced: force)
            try FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
            let file = base.appendingPathComponent("fleet.json").path
            let world = SimulatedFleet.example(
                hosts: hosts, domains: domains, seed: seed, speed: speed)
            try SimulatedFleet.create(world, at: file)
            let config = base.appendingPathComponent("kvmbalance.yaml")
            try fleetFile(world, file, base).write(to: config, atomically: true, encoding: .utf8)
            Console.line(
                "wrote \(config.path); try: kvmbalance status --config "
                    + config.path.quotedForShell)
        } catch let error as CommandError {
            Console.errLine("kvmbalance: \(error)")
            throw error.exit.code
        } catch {
            Console.errLine("kvmbalance: \(folder): \(error)")
            throw Exit.failed.code
        }
    }

    private func fleetFile(_ world: SimulatedWorld, _ file: String, _ base: URL) -> String {
        let hosts = world.hosts.map { host in
            "  - name: \(YAMLWord.quoted(host.name.rawValue))\n    uri: "
                + YAMLWord.quoted(SimulatedURI(file: file, host: host.name).description)
                + "\n    linkMbps: \(host.linkMbps)\n"
        }
        let database = base.appendingPathComponent("database").path
        return "hosts:\n\(hosts.joined())database: \(YAMLWord.quoted(database))\n"
    }
}
