import ArgumentParser
import ClusterModel
import Operations

/// Where domains that leave their hosts may go.
struct TargetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only to these hosts (HOST or HOST,HOST; may be repeated).", valueName: "host"),
        completion: FleetCompletion.host)
    var to: [String] = []

    @Option(
        help: ArgumentHelp("Send nothing to these hosts (may be repeated).", valueName: "host"),
        completion: FleetCompletion.host)
    var notTo: [String] = []

    func wishes(except: [String] = []) -> GoalWishes {
        GoalWishes(to: Self.hosts(to), notTo: Self.hosts(notTo), except: except)
    }

    private static func hosts(_ words: [String]) -> [HostName] {
        words.flatMap { $0.split(separator: ",") }.map { HostName(String($0)) }
    }
}
