import Foundation
import Testing

/// A simulated fleet in its own folder, gone when the test is over.
final class Playground {
    let folder: URL

    init(hosts: Int = 3, domains: Int = 9, speed: Double = 100, isSampled: Bool = true) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kvmbalance-cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let made = try Program(
            [
                "simulated-fleet", folder.path, "--hosts", "\(hosts)", "--domains", "\(domains)",
                "--speed", "\(speed)",
            ], in: folder
        ).wait()
        guard made.status == 0 else { throw Impossible(made.text) }
        // With two samples in the database nothing waits a second to measure loads.
        if isSampled {
            for _ in 1...2 { try must(0, "collect", "--once") }
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    var config: String { path("kvmbalance.yaml") }

    func start(_ words: String...) throws -> Program { try start(words) }
    func start(_ words: [String]) throws -> Program {
        // Before `--`, after which everything is a name.
        let place = words.firstIndex(of: "--") ?? words.endIndex
        let all = words[..<place] + ["--config", config] + words[place...]
        return try Program(Array(all), in: folder)
    }

    /// A shell starts it: see `Program`.
    func start(by script: String, _ words: String...) throws -> Program {
        try start(by: script, words)
    }
    func start(by script: String, _ words: [String]) throws -> Program {
        try Program(words + ["--config", config], in: folder, script: script)
    }

    @discardableResult
    func run(_ words: String...) throws -> Ending { try start(words).wait() }
    func run(_ words: [String]) throws -> Ending { try start(words).wait() }

    /// The command must end like this.
    @discardableResult
    func must(
        _ status: Int32, _ words: String..., at location: SourceLocation = #_sourceLocation
    ) throws -> Ending { try must(status, words, at: location) }

    @discardableResult
    func must(
        _ status: Int32, _ words: [String], at location: SourceLocation = #_sourceLocation
    ) throws -> Ending {
        let ending = try start(words).wait()
        #expect(
            ending.status == status && ending.isCivil, "\(words): \(ending.text)",
            sourceLocation: location)
        return ending
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    }

    func read(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    // MARK: JSON files, edited as a person would

    func edit(
        _ name: String, as copy: String? = nil, _ change: (inout [String: Any]) throws -> Void
    ) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path(name)))
        var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        try change(&object)
        try JSONSerialization.data(withJSONObject: object)
            .write(to: URL(fileURLWithPath: path(copy ?? name)))
    }

    /// Changes one domain of the fleet wherever it is; `nil` takes it away.
    func editDomain(_ name: String, _ change: ([String: Any]) -> [String: Any]?) throws {
        try editHosts { host in
            let domains = host["domains"] as? [[String: Any]] ?? []
            host["domains"] = domains.compactMap { domain in
                let facts = domain["facts"] as? [String: Any]
                return facts?["name"] as? String == name ? change(domain) : domain
            }
        }
    }

    func editHosts(_ change: (inout [String: Any]) -> Void) throws {
        try edit("fleet.json") { fleet in
            var hosts = fleet["hosts"] as? [[String: Any]] ?? []
            for index in hosts.indices { change(&hosts[index]) }
            fleet["hosts"] = hosts
        }
    }

    /// Domain → host of everything active, from the fleet's own file.
    func placement() throws -> [String: String] {
        let snapshot = try run("snapshot").object()
        var placement: [String: String] = [:]
        for domain in snapshot["domains"] as? [[String: Any]] ?? [] {
            let facts = domain["facts"] as? [String: Any] ?? [:]
            guard facts["state"] as? String == "running", let name = facts["name"] as? String,
                let host = domain["host"] as? String
            else { continue }
            if placement[name] != nil { throw Impossible("\(name) runs twice") }
            placement[name] = host
        }
        return placement
    }

    func maintenance() throws -> [String] {
        let hosts = try #require(
            try run("hosts", "list", "--output", "json").json() as? [[String: Any]])
        return hosts.filter { $0["maintenanceSince"] != nil }.compactMap { $0["name"] as? String }
    }
}
