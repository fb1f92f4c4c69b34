import ArgumentParser
import ClusterModel
import Execution
import Operations
import PlacementPolicy
import Rendering

/// `kvmbalance reboot [HOST…]`: a rolling reboot from its first drain to its last return.
struct RebootCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "reboot",
        abstract: "Reboot hosts in rounds: empty them, reboot them, wait for them, go on.",
        discussion: """
            Each round is planned from the fleet as it is then. A host is rebooted only when it \
            was seen empty and in maintenance, and counts as back when it has another boot id, its \
            libvirt answers with the same host UUID and 'hosts check' finds nothing new wrong with \
            it. The first host that does not come back ends it: exit code 5, and 1 where it was \
            the command that failed. In --run and --boot-id {host}, {address} and {uri} stand for \
            the host's name, the address in its URI, and its URI; the output of each command goes \
            to a file beside the database. Resume, stop and abort it like any run ('runs').

            Guests stay where they were taken, on hosts that were rebooted already if possible, \
            because that needs the fewest migrations; unless the policy says 'rollingReboot: \
            {bringBack: true}', which is --return always. 'kvmbalance return' brings them back \
            later.
            """)

    @Argument(help: "The hosts to reboot (default: all).", completion: FleetCompletion.host)
    var hosts: [String] = []
    @Option(
        help: ArgumentHelp(
            "What reboots a host: 'ssh {host} systemctl reboot' (default: a person reboots it).",
            valueName: "command"))
    var run: String?
    @Option(
        name: .customLong("boot-id"),
        help: ArgumentHelp(
            "What prints a host's boot id (default: read over the ssh of its URI).",
            valueName: "command"))
    var bootID: String?
    @Option(
        help: ArgumentHelp(
            "How long a host may take to come back (by hand: once it is down).", valueName: "time"))
    var rebootTimeout = "15m"
    @Option(
        help: ArgumentHelp(
            "Begin rounds only between these times of day, such as 22:00-06:00.",
            valueName: "times"))
    var between: String?
    @Option(
        name: .customLong("return"),
        help: ArgumentHelp(
            "Guests return after each round (always), when all is done (end), or never.",
            valueName: "when"))
    var homecoming: RebootRequest.Homecoming?
    @OptionGroup var acting: ActingOptions
    @OptionGroup var waiting: WaitingOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if planning.snapshot != nil {
            throw ValidationError(
                "a saved snapshot cannot be rebooted: use plan rolling-reboot --snapshot.")
        }
        if let between, DailyHours(between) == nil {
            throw ValidationError("--between '\(between)' is not like 22:00-06:00.")
        }
        if Quantity.seconds(rebootTimeout).map({ $0 > 0 }) != true {
            throw ValidationError("--reboot-timeout '\(rebootTimeout)' is not a time such as 15m.")
        }
    }

    func execute() async throws -> Exit {
        try waiting.refuse(with: acting)
        let composition = try Composition(options)
        let flags = CommandFlags(migration, planning, options)
        let plans = try await composition.plans(planning, migration)
        var wishes = RebootWishes(
            hosts: hosts.map { HostName($0) }, command: run, bootCommand: bootID,
            timeoutSeconds: Quantity.seconds(rebootTimeout) ?? 0,
            hours: between.flatMap { DailyHours($0) }, homecoming: homecoming,
            bestEffort: planning.bestEffort)
        wishes.jobSeconds = waiting.jobSeconds
        let isSpare = plans.policyAtHand.nPlusOne != .off
        var declined = Exit.failed
        let result = try await composition.reboots(flags).begin(
            wishes, plans, isShownOnly: acting.dryRun
        ) { proposal in
            let text = RebootProposalText(proposal, flags, Console.width, isSpare: isSpare)
            guard acting.dryRun else {
                return try Consent(isGranted: acting.yes, isJSON: isJSON).isGiven(
                    to: text.text, text.question, else: text.document)
            }
            if isJSON { try Console.outJSON(text.document) } else { Console.out(text.text) }
            declined = .done
            return false
        }
        return try show(result, flags, else: declined)
    }
}

extension FleetCommand {
    func show(
        _ result: RebootService.Result, _ flags: CommandFlags, else declined: Exit
    ) throws -> Exit {
        switch result {
        case .shown(let schedule):
            let text = RebootText(reboot: schedule, flags: flags, width: Console.width)
            if isJSON { try Console.outJSON(text.document) } else { Console.out(text.text) }
            return schedule.outcome == .infeasible ? .infeasible : .done
        case .declined: return declined
        case .ended(let report, let exit):
            try show(report)
            return exit
        }
    }

    func show(_ report: RebootReport) throws {
        if isJSON {
            try Console.outJSON(report)
        } else {
            Console.out(
                RebootReportText(report: report, flags: CommandFlags(options).config).text)
        }
    }
}

extension RebootRequest.Homecoming: ExpressibleByArgument {}
