import Foundation
import TestSupport
import Testing

/// The man pages, as Markdown before go-md2man sees them: none lacks an option of the help, a key
/// of a policy or a key of a plan. `make man` holds the pages themselves to `mandoc -T lint`.
struct ManPageTests {
    private static func written() throws -> [String: String] {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kvmbalance-man-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = Built.root.appendingPathComponent("packaging/man-pages").path
        let ending = try Program(
            [folder.appendingPathComponent("man").path], in: folder,
            script: "exec '\(script)' --markdown \"$0\" \"$@\""
        ).wait()
        guard ending.status == 0 else { throw Impossible(ending.text) }
        let man = folder.appendingPathComponent("man")
        return Dictionary(
            uniqueKeysWithValues: try FileManager.default.contentsOfDirectory(atPath: man.path).map
            {
                ($0, try String(contentsOf: man.appendingPathComponent($0), encoding: .utf8))
            })
    }

    private static func source(_ path: String) throws -> String {
        try String(contentsOf: Built.root.appendingPathComponent(path), encoding: .utf8)
    }

    /// One command of the help, as ArgumentParser tells it.
    struct Command: Decodable {
        struct Argument: Decodable {
            struct Name: Decodable { var name: String }
            var abstract: String?
            var names: [Name]?
        }
        var commandName: String
        var arguments: [Argument]?
        var subcommands: [Command]?

        func all(below path: [String] = []) -> [(path: [String], command: Command)] {
            let own = path + [commandName]
            return [(own, self)]
                + (subcommands ?? []).filter { $0.commandName != "help" }
                .flatMap { $0.all(below: own) }
        }
    }

    @Test func everyCommandHasAPageWithEveryOption() throws {
        struct Help: Decodable { var command: Command }
        let pages = try Self.written()
        let folder = FileManager.default.temporaryDirectory
        let help = try Program(["--experimental-dump-help"], in: folder).wait().output
        let commands = try JSONDecoder().decode(Help.self, from: Data(help.utf8)).command.all()
        #expect(commands.count > 40)
        for (path, command) in commands {
            let name = path.joined(separator: "-")
            let page = try #require(pages["\(name).1.md"], "there is no page \(name)(1)")
            for option in (command.arguments ?? []).flatMap({ $0.names ?? [] }) {
                let shown = option.name.count == 1 ? "**-\(option.name)**" : "**--\(option.name)**"
                #expect(page.contains(shown), "\(name)(1) lacks \(shown)")
            }
        }
        let named = Set(commands.map { "\($0.path.joined(separator: "-")).1.md" })
        #expect(pages.keys.filter { $0.hasSuffix(".1.md") && !named.contains($0) }.isEmpty)
    }

    @Test func everyKeyOfAPolicyIsOnItsPage() throws {
        let page = try #require(try Self.written()["kvmbalance-policy.5.md"])
        let keys = try Self.source("policies/CATALOGUE.md").split(separator: "\n")
            .compactMap { $0.firstMatch(of: /^\| (`[^`]+`) \|/)?.1 }
        #expect(keys.count > 50)
        for key in keys {
            #expect(page.contains("\n\(key) ("), "kvmbalance-policy(5) lacks \(key)")
        }
        #expect(!page.contains("\n| "), "a table is left")
    }

    /// As the source names them: a sample plan would have only some.
    @Test func everyKeyOfAPlanIsOnItsPage() throws {
        let page = try #require(try Self.written()["kvmbalance-plan.5.md"])
        let source = try Self.source("Sources/ClusterModel/MigrationPlan+JSON.swift")
        let cases = source.matches(of: /\n        case (.+)/).flatMap {
            $0.1.split(separator: ", ")
        }
        let keys = cases.map { word in
            word.split(separator: "\"").dropFirst().first.map(String.init) ?? String(word)
        }
        #expect(keys.count > 40)
        for key in keys where key.allSatisfy({ $0.isLetter || $0 == "_" }) {
            #expect(page.contains("`\(key)`"), "kvmbalance-plan(5) lacks \(key)")
        }
    }
}
