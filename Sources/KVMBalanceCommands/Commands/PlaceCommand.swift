import ArgumentParser
import ClusterModel
import Operations
import PlacementPolicy
import Rendering

/// `kvmbalance place [DOMAIN]`: where a guest that does not run yet should be started.
struct PlaceCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "place",
        abstract: "Rank the hosts for a new guest, or for one that is shut off.",
        discussion: """
            The first host is the least loaded of those that have room and break no rule of the \
            policy; the others are listed with the reason. Nothing is started, moved or reserved. \
            With --output json, '.hosts[0].host' is the best host. Exit code 3: no host fits.
            """)

    @Argument(
        help: "A domain that is shut off (default: a new guest).",
        completion: FleetCompletion.domain)
    var domain: String?
    @OptionGroup var size: GuestSizeOptions
    @Option(help: "The name of the new guest, for the policy's rules.") var name: String?
    @Option(help: "A libvirt network that it needs (may be repeated).") var network: [String] = []
    @Option(help: "A bridge that it needs (may be repeated).") var bridge: [String] = []
    @Option(help: "The storage pool for its disk.") var pool: String?
    @Option(help: "With --pool: the size of its disk, such as 40GiB.") var disk: String?
    @Option(
        help: "The policy file (default: the fleet file's, or the built-in one).",
        completion: FleetCompletion.yaml)
    var policy: String?
    @Option(
        help: "Place it in this saved snapshot instead of in the hosts as they are.",
        completion: FleetCompletion.anyFile)
    var snapshot: String?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let wish = try wish()
        let choices = PlanningChoices(
            policy: policy, snapshot: snapshot, seed: 0, bestEffort: false, migration: { $0 })
        let plans = try await Composition(options).plans(
            choices, snapshot: snapshot)
        let text = GuestPlacementText(try await plans.placement(of: wish), width: Console.width)
        if isJSON { try Console.outJSON(text.document) } else { Console.out(text.text) }
        return text.isPossible ? .done : .infeasible
    }

    private func wish() throws -> GuestWish {
        if domain != nil,
            let other = [size.like.map { _ in "--like" }, name.map { _ in "--name" }]
                .compactMap({ $0 }).first
        {
            throw CommandError("\(other) is for a new guest: leave it out, or the domain")
        }
        if disk != nil, pool == nil { throw CommandError("--disk needs --pool") }
        var wish = try size.wish()
        (wish.domain, wish.name) = (domain, name)
        (wish.networks, wish.bridges) = (network, bridge)
        (wish.pool, wish.disk) = (pool, try GuestSizeOptions.size(disk, "--disk"))
        return wish
    }
}
