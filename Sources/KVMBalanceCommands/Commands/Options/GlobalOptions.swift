import ArgumentParser
import Foundation
import Operations

/// What every command takes.
struct GlobalOptions: ParsableArguments {
    enum Output: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(
        help: "The fleet file (default: ./kvmbalance.yaml, then /etc/kvmbalance/kvmbalance.yaml).",
        completion: FleetCompletion.yaml)
    var config: String?

    @Option(help: "Output format: text for people, json (one document) for programs.")
    var output: Output = .text
}

extension Exit {
    var code: ExitCode { ExitCode(rawValue) }
}

/// A command of ours: runs, turns every error into one line on standard error and an exit code, and
/// ends the process with it.
protocol FleetCommand: AsyncParsableCommand {
    var options: GlobalOptions { get }
    func execute() async throws -> Exit
}

extension FleetCommand {
    mutating func run() async throws {
        let exit: Exit
        do {
            exit = try await execute()
        } catch let error as CommandError {
            Console.err("kvmbalance: \(error.message)")
            exit = error.exit
        } catch let error as CleanExit {
            throw error
        } catch {
            Console.err("kvmbalance: \(error)")
            exit = .failed
        }
        await Composition.end()
        // Not exit(): it takes down the libraries' own state, while other threads (libvirt's event
        // loop, whoever lets go of the last connection) still work with it. Seen as a double free.
        _exit(exit.rawValue)
    }

    var isJSON: Bool { options.output == .json }
}
