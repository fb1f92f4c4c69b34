import ArgumentParser
import Operations
import PlacementPolicy

/// `kvmbalance runs archive`.
struct RunsArchiveCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Move the records of old runs out of the journal.",
        discussion: """
            They go to journal-archive.sqlite beside it. 'runs list', 'runs show' and all that was \
            learned of them stay; an archived run cannot be rolled back. Halted runs stay in the \
            journal.
            """)
    @Option(help: "How long ago a run must have ended.") var olderThan = "180d"
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        guard let seconds = Quantity.seconds(olderThan), seconds > 0 else {
            throw CommandError("--older-than '\(olderThan)' is not a time such as 180d")
        }
        let count = try await Composition(options).runs().archive(olderThanSeconds: seconds)
        if isJSON {
            try Console.outJSON(["archived": count])
        } else {
            Console.out("\(Format.plural(count, "run")) archived")
        }
        return .done
    }
}
