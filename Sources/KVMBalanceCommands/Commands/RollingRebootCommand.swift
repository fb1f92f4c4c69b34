import ArgumentParser
import ClusterModel
import Operations

/// `kvmbalance plan rolling-reboot [HOST…]`: rounds of hosts that can be down together. It only
/// plans: each round is carried out by the commands that it is shown with.
struct PlanRollingRebootCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "rolling-reboot",
        abstract: "In how many rounds the fleet could be rebooted, and what moves in each.",
        discussion: """
            Each round is planned as 'drain' and 'return' will plan it if the world stays as it is; \
            the commands to carry it out are shown with it. If the world has changed between two \
            rounds, ask again with the hosts that are left.
            """)

    @Argument(help: "The hosts to reboot (default: all).") var hosts: [String] = []
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let plans = try await Composition(options).plans(planning, migration)
        let reboot = try await plans.rollingReboot(hosts.map { HostName($0) })
        let text = RebootText(
            reboot: reboot, flags: CommandFlags(migration, planning, options),
            width: Console.width)
        if isJSON { try Console.outJSON(text.document) } else { Console.out(text.text) }
        return reboot.outcome == .infeasible ? .infeasible : .done
    }
}
