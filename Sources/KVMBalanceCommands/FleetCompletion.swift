import ArgumentParser
import ClusterModel
import Execution
import Foundation
import Operations
import Persistence
import PlacementPolicy

/// What the shell offers for a word: names of the fleet, as its file and its databases know them.
///
/// No host is asked. Where there is no fleet file, or one that may not be read, nothing is offered,
/// without a word.
enum FleetCompletion {
    private static let mostRuns = 100

    static let host = kind { words, prefix in
        // A list of hosts goes on after its comma.
        let start = prefix.lastIndex(of: ",").map { prefix[...$0] } ?? ""
        return try fleetFile(words).fleet.hosts.map(\.name.rawValue)
            .filter { !words.contains($0) }.map { start + $0 }
    }

    static let domain = kind { words, prefix in
        try names(words).domains(beginning: prefix).filter { !words.contains($0) }
    }

    static let run = runs(.all)
    static let openRun = runs(.open)
    static let unfinishedRun = runs(.unfinished)

    static let yaml = CompletionKind.file(extensions: ["yaml", "yml"])
    static let anyFile = CompletionKind.file()

    private static func runs(_ runs: StoredNames.Runs) -> CompletionKind {
        kind { words, _ in
            try names(words).runs(runs, atMost: mostRuns).map(\.description)
        }
    }

    private static func kind(
        _ find: @escaping @Sendable (_ words: [String], _ prefix: String) throws -> [String]
    ) -> CompletionKind {
        .custom { words, position, prefix in
            // The word that is being typed is one of them.
            let others = words.enumerated().filter { $0.offset != position }.map(\.element)
            let found = (try? find(others, prefix)) ?? []
            return found.filter { $0.hasPrefix(prefix) && isPlain($0) }
        }
    }

    /// Bash expands what it is offered (`compgen -W`), and hosts decide on the names of domains:
    /// one called `$(reboot)` must not be executed by a key press, so it is typed by hand.
    static func isPlain(_ name: String) -> Bool {
        !name.hasPrefix("-")
            && name.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || ("0"..."9").contains($0)
                    || "._-+@,".unicodeScalars.contains($0)
            }
    }

    private static func names(_ words: [String]) throws -> StoredNames {
        let file = try fleetFile(words)
        let folder = URL(fileURLWithPath: file.path).deletingLastPathComponent()
        return StoredNames(
            directory: URL(fileURLWithPath: file.fleet.database, relativeTo: folder).path)
    }

    private static func fleetFile(_ words: [String]) throws -> FleetFile {
        var given: String?
        for (word, next) in zip(words, words.dropFirst() + [""]) {
            if word == "--config" { given = next }
            if word.hasPrefix("--config=") { given = String(word.dropFirst("--config=".count)) }
        }
        // The shell has not expanded it yet.
        return try FleetFile.read(given.map { NSString(string: $0).expandingTildeInPath })
    }
}
