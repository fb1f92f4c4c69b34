import ArgumentParser
import ClusterModel
import Foundation
import Operations
import PlacementPolicy
import Rendering

/// `kvmbalance init [HOST…]`: a fleet file, and what a drain of each host would take.
struct InitCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a fleet file for hosts that answer.",
        discussion: """
            Looks at each host and writes the fleet file: to --config, or to \
            /etc/kvmbalance/kvmbalance.yaml for root and ./kvmbalance.yaml for others. Without \
            names it tries the hosts of libvirt.conf (uri_aliases) and ~/.ssh/config and takes \
            those that answer. Then it shows what a drain of each host would take. The databases \
            go to /var/lib/kvmbalance with the file in /etc, else beside the file. Nothing on the \
            hosts is changed.
            """)

    @Argument(
        help: ArgumentHelp(
            """
            A name or USER@NAME (reached by ssh, as root unless told), a libvirt URI, NAME=URI, or \
            an alias of libvirt.conf.
            """, valueName: "host"))
    var hosts: [String] = []
    @Option(
        help: """
            Take the hosts of Ansible: a file with what 'ansible-inventory --list' prints, or - \
            for standard input.
            """, completion: FleetCompletion.anyFile)
    var inventory: String?
    @Option(help: "Only this group of the inventory.") var group: String?
    @Flag(name: [.short, .long], help: "Do not ask.") var yes = false
    @Flag(help: "Write over a fleet file that is there already.") var force = false
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if group != nil, inventory == nil {
            throw ValidationError("--group names one of an inventory: give --inventory, too.")
        }
    }

    /// For programs.
    private struct Document: Encodable {
        var file: String
        var hosts: [[String: String]]
        var leftOut: [String]
        var drains: [DrainForecastText.Entry] = []

        enum CodingKeys: String, CodingKey {
            case file, hosts, drains
            case leftOut = "left_out"
        }
    }

    /// Hosts for which a drain is planned right away; for more it takes too long.
    private static let forecastAtMost = 100

    private var isRoot: Bool { geteuid() == 0 }

    func execute() async throws -> Exit {
        let path = options.config ?? (isRoot ? FleetFile.installed : FleetFile.here)
        try TextFile.refuseExisting([path], isForced: force)
        let candidates = try self.candidates()
        let trial = try Composition(
            Fleet(hosts: candidates.map(\.host)),
            in: URL(fileURLWithPath: path).deletingLastPathComponent(), CommandFlags(options))
        try trial.admitConnections()
        let proposal = try await FleetDiscovery(trial.observer, candidates).proposal()
        // That of the services goes with their file, another one's lies beside it.
        let text = proposal.text(
            database: path == FleetFile.installed ? Fleet.defaultDatabase : "database")
        do {
            _ = try FleetReader.read(text)
        } catch {
            throw CommandError("nothing was written: \(error)")
        }
        var document = Document(
            file: path,
            hosts: proposal.hosts.map { ["name": $0.name.rawValue, "uri": $0.uri] },
            leftOut: proposal.leftOut)
        for words in proposal.leftOut { Console.errLine("left out: \(words)") }
        guard
            try Consent(isGranted: yes, isJSON: isJSON)
                .isGiven(to: text, "Write \(path)?", else: document)
        else { return .failed }
        try FleetFile.write(text, to: path)

        var written = options
        written.config = options.config ?? path
        let composition = try Composition(written)
        let isShown = proposal.hosts.count <= Self.forecastAtMost
        let choices = PlanningChoices(
            policy: nil, snapshot: nil, seed: 0, bestEffort: false, migration: { $0 })
        let drains = DrainForecastText(
            isShown
                ? try await composition.plans(choices, snapshot: nil).drainForecasts() : [])
        document.drains = drains.entries
        if isJSON {
            try Console.outJSON(document)
        } else {
            show(path, drains, isShown)
        }
        return .done
    }

    private func show(_ path: String, _ drains: DrainForecastText, _ isShown: Bool) {
        let config = CommandFlags(options).config
        Console.line("wrote \(path)")
        if isShown { Console.out("\n\(drains.text)") }
        Console.out(
            """

            Next:
              kvmbalance hosts check\(config)
              kvmbalance drain HOST --dry-run\(config)
            """)
    }

    private func candidates() throws -> [HostCandidate] {
        let place = FleetFile.ofLibvirt
        var candidates = HostCandidates(
            aliases: LibvirtAliases(
                (try? TextFile.read(place)) ?? "", place: "\(place) (uri_aliases)"))
        for word in hosts { try candidates.ask(for: word) }
        if let inventory {
            let isPiped = inventory == "-"
            let data =
                isPiped
                ? FileHandle.standardInput.readDataToEndOfFile()
                : Data(try TextFile.read(inventory).utf8)
            try candidates.add(
                inventory: data, group: group, from: isPiped ? "standard input" : inventory)
        }
        if hosts.isEmpty, inventory == nil {
            candidates.addAliases()
            let file = NSString(string: "~/.ssh/config").expandingTildeInPath
            candidates.add(sshConfig: (try? TextFile.read(file)) ?? "", from: file)
        }
        guard !candidates.list.isEmpty else {
            throw CommandError(
                "no hosts: name them, as in 'kvmbalance init host1 host2 host3'", exit: .usage)
        }
        return candidates.list
    }
}
