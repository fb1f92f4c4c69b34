import ArgumentParser
import Operations

/// What every command that plans takes.
struct PlanningOptions: ParsableArguments {
    @Option(
        help: "A policy file (default: the fleet file's, or the built-in drain policy).",
        completion: FleetCompletion.yaml)
    var policy: String?

    @Option(
        help: "Plan for this saved cluster snapshot instead of the live hosts.",
        completion: FleetCompletion.anyFile)
    var snapshot: String?

    @Option(help: "Seed of the search: the same seed gives the same plan.")
    var seed: UInt64 = 0

    @Option(help: "Seconds for the search; changes nothing, it ends by itself well before.")
    var timeLimit: Int?

    @Flag(help: "Plan for the domains that can leave, even if others must stay.")
    var bestEffort = false

    func validate() throws {
        if let timeLimit, timeLimit < 1 {
            throw ValidationError("--time-limit is \(timeLimit) but must be at least 1 second.")
        }
    }

    func choices(_ migration: MigrationFlags) -> PlanningChoices {
        PlanningChoices(
            policy: policy, snapshot: snapshot, seed: seed, bestEffort: bestEffort,
            migration: migration.applied)
    }
}
