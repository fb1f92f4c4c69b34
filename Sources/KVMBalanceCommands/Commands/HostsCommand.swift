import ArgumentParser
import ClusterModel
import Execution
import Operations
import PlacementPolicy
import Rendering

/// `kvmbalance hosts …`: the fleet, and whether each host is fit to send and to receive.
struct HostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts", abstract: "The fleet: list, check, enable, disable, common CPU.",
        subcommands: [
            HostsListCommand.self, HostsCheckCommand.self, HostsEnableCommand.self,
            HostsDisableCommand.self, HostsBaselineCommand.self,
        ])
}

/// `kvmbalance hosts list`.
struct HostsListCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The hosts of the fleet file, with maintenance.")
    @OptionGroup var options: GlobalOptions

    /// One host for programs.
    struct Entry: Encodable {
        var name: HostName
        var uri: String
        var zone: ZoneName?
        var migrationAddress: String?
        var linkMbps: Int
        var maintenanceSince: Timestamp?
        var maintenanceRun: RunID?
    }

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        let maintenance = try await MaintenanceService(composition.observer).entries()
        let entries = composition.fleet.hosts.map { host in
            let entry = maintenance.first { $0.host == host.name }
            return Entry(
                name: host.name, uri: host.uri, zone: host.zone,
                migrationAddress: host.migrationAddress, linkMbps: host.linkMbps,
                maintenanceSince: entry?.since, maintenanceRun: entry?.run)
        }
        if isJSON {
            try Console.outJSON(entries)
            return .done
        }
        var table = Table("HOST", "URI", "ZONE", ">LINK Mbit/s", "MAINTENANCE")
        for entry in entries.inNaturalOrder(of: \.name.rawValue) {
            let since = entry.maintenanceSince.map { since in
                "since \(since)\(entry.maintenanceRun.map { " (run \($0))" } ?? "")"
            }
            table.add(
                entry.name.rawValue, entry.uri, entry.zone?.rawValue ?? "-", "\(entry.linkMbps)",
                since ?? "-")
        }
        Console.out(table.text)
        return .done
    }
}

/// `kvmbalance hosts check [HOST…]`.
struct HostsCheckCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check that each host can send and receive migrations.")
    @Argument(help: "Only these hosts (default: all).", completion: FleetCompletion.host)
    var hosts: [String] = []
    @Flag(
        help: """
            Read-only: skip connections between hosts and the test file that shows whether pools \
            are the same storage.
            """)
    var noProbe = false
    @Flag(
        help: """
            Try the way between every two hosts, also of a fleet of more than 12 (default: each \
            host with three others).
            """)
    var allPairs = false
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        try composition.admitConnections()
        let names = hosts.map { HostName($0) }
        try composition.hosts.require(names)
        let policy = try? composition.policies.policy(nil)
        let checks = await FitnessCheck.of(
            composition.observer, isTried: !noProbe, allPairs: allPairs, policy: policy
        ).results.filter { names.isEmpty || names.contains($0.host) }
        if isJSON {
            try Console.outJSON(checks)
        } else {
            Console.out(FitnessCheck.text(of: checks))
        }
        for note in TransportNotes.of(composition.fleet, under: policy ?? .default) {
            Console.errLine("note: \(note)")
        }
        return checks.allSatisfy(\.isFit) ? .done : .failed
    }
}

/// A command that begins or ends the maintenance of hosts.
protocol MaintenanceCommand: FleetCommand {
    var hosts: [String] { get }
}

extension MaintenanceCommand {
    /// The hosts, all of the fleet, and what keeps their maintenance.
    fileprivate func named() throws -> ([HostName], MaintenanceService) {
        let composition = try Composition(options)
        let names = hosts.map { HostName($0) }
        try composition.hosts.require(names)
        return (names, try MaintenanceService(composition.observer))
    }
}

/// `kvmbalance hosts enable HOST…`: ends maintenance without bringing anything back.
struct HostsEnableCommand: MaintenanceCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "End the maintenance of hosts; no domain moves.")
    @Argument(help: "The hosts.", completion: FleetCompletion.host) var hosts: [String]
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let (names, service) = try named()
        let before = try await service.end(of: names)
        if isJSON {
            try Console.outJSON(try await service.entries())
            return .done
        }
        for host in names {
            Console.line(
                before.contains(host)
                    ? "maintenance of \(host) ended; to bring its domains back: kvmbalance "
                        + "return \(host.rawValue.quotedForShell)\(CommandFlags(options).config)"
                    : "\(host) was not in maintenance")
        }
        return .done
    }
}

/// `kvmbalance hosts disable HOST…`: like kubectl cordon, nothing is sent there any more.
struct HostsDisableCommand: MaintenanceCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Put hosts in maintenance; running domains stay.")
    @Argument(help: "The hosts.", completion: FleetCompletion.host) var hosts: [String]
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let (names, service) = try named()
        let (before, arrivals) = try await service.begin(of: names)
        if isJSON {
            try Console.outJSON(try await service.entries())
            if let text = arrivals.text { Console.err(text) }
            return .done
        }
        for host in names {
            Console.line(
                before.contains(host)
                    ? "\(host) was in maintenance already"
                    : "\(host) is in maintenance: no domain is sent there; running domains stay")
        }
        if let text = arrivals.text { Console.out(text) }
        return .done
    }
}
