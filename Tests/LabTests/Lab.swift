import Foundation
import TestSupport
import Testing

/// A lab of real libvirt hosts for one test, with kvmbalance in its controller.
///
/// `down` is called by `withLab`, whatever happens: a lab that is left takes the cores from others.
final class Lab: Sendable {
    static let root = Built.root
    static let program = root.appendingPathComponent("Tests/Lab/lab").path
    /// The kvmbalance that the same build made.
    static let kvmbalance = Built.program("kvmbalance").path
    static let isPossible = getuid() == 0
    /// How often tests that pull a random instant are repeated.
    static let rounds =
        ProcessInfo.processInfo.environment["KVMBALANCE_LAB_ROUNDS"].flatMap { Int($0) } ?? 2

    let name: String
    /// Holds the fleet file and what tests write.
    let folder: URL

    init(_ name: String, hosts: Int) throws {
        self.name = name
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kvmbalance-lab-\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        _ = try shell(Self.program, "down", name)
        let up = try shell(Self.program, "up", name, "--hosts", "\(hosts)")
        guard up.status == 0 else { throw LabError("the lab did not come up: \(up.text)") }
        try writeConfig()
    }

    func down() throws {
        let down = try shell(Self.program, "down", name)
        try? FileManager.default.removeItem(at: folder)
        guard down.status == 0 else { throw LabError("the lab left something: \(down.text)") }
    }

    // MARK: The lab's own commands

    @discardableResult
    func lab(_ words: String...) throws -> ShellResult {
        let result = try shell([Self.program, words[0], name] + words.dropFirst())
        guard result.status == 0 else { throw LabError("lab \(words): \(result.text)") }
        return result
    }

    func guest(_ guest: String, on host: String, _ options: String...) throws {
        let words = [Self.program, "guest", name, guest, "--host", host] + options
        let result = try shell(words)
        guard result.status == 0 else { throw LabError("guest \(guest): \(result.text)") }
    }

    /// The oracle: every guest runs exactly once, never restarted, its clock never jumped back.
    ///
    /// A guest that reset itself although nobody started it is the emulator's doing (Tests/Lab,
    /// "What was found"): it is reported as a known issue, and anything else fails the test.
    func expectAllWell(_ story: String = "") throws {
        let verdict = try shell(Self.program, "verify", name)
        guard verdict.status == 3 else {
            #expect(verdict.status == 0, "\(story)\n\(verdict.text)")
            return
        }
        withKnownIssue("a guest reset itself under emulation") {
            Issue.record("\(story)\n\(verdict.text)")
        }
    }

    /// Domain → host of everything that runs, as virsh on every host tells it.
    func placement() throws -> [String: String] {
        var placement: [String: String] = [:]
        for line in try lab("placement").output.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 3, words[words.count - 1] == "running" else { continue }
            placement[words.dropLast(2).joined(separator: " ")] = String(words[words.count - 2])
        }
        return placement
    }

    func guests(on host: String) throws -> [String] {
        try placement().filter { $0.value == host }.keys.sorted()
    }

    func virsh(_ host: String, _ words: String...) throws -> ShellResult {
        try shell(
            [Self.program, "run", name, host, "--", "virsh", "-q", "-c", "qemu:///system"] + words)
    }

    func waitForMigration(of guest: String, from host: String) async throws {
        for _ in 0..<200 {
            let job = try virsh(host, "domjobinfo", guest)
            if job.output.contains("Outgoing migration") { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw LabError("the migration of \(guest) never began")
    }

    // MARK: kvmbalance

    var configFile: String { folder.appendingPathComponent("kvmbalance.yaml").path }
    func file(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Writes the fleet file; `reserve` (`memory: 2GiB, cpu: 0.5`) is kept from each host, so that
    /// a host can be made as small as a test needs.
    func writeConfig(
        transport: String = "ssh", address: String = "ipv4", reserve: [String: String] = [:]
    ) throws {
        let words = [Self.program, "config", name, "--transport", transport, "--address", address]
        var text = try shell(words).output
        for (host, reserve) in reserve.sorted(by: { $0.key < $1.key }) {
            let name = "  - name: \(host)\n"
            let start = try #require(text.range(of: name)).upperBound
            let own = try #require(text.range(of: "reserve: {", range: start..<text.endIndex))
            text.insert(contentsOf: reserve + ", ", at: own.upperBound)
        }
        try text.write(toFile: configFile, atomically: true, encoding: .utf8)
    }

    func words(_ arguments: [String]) -> [String] {
        [Self.program, "run", name, "--", Self.kvmbalance] + arguments + ["--config", configFile]
    }

    func kvmbalance(_ arguments: String...) throws -> ShellResult { try shell(words(arguments)) }

    func start(_ arguments: String...) throws -> ShellCommand {
        try ShellCommand(words(arguments))
    }

    func json(_ arguments: String...) throws -> [String: Any] {
        let result = try shell(words(arguments + ["--output", "json"]))
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        guard let table = object as? [String: Any] else {
            throw LabError("no JSON object: \(result.text)")
        }
        return table
    }
}

/// The lab did something else than it should: not a finding about kvmbalance.
struct LabError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Gives a test its lab and takes it down afterwards, failed or not.
func withLab(_ name: String, hosts: Int, _ body: (Lab) async throws -> Void) async throws {
    let lab = try Lab(name, hosts: hosts)
    do {
        try await body(lab)
    } catch {
        try? lab.down()
        throw error
    }
    try lab.down()
}

extension Trait where Self == ConditionTrait {
    /// Real hosts need root for their namespaces.
    static var needsLab: Self { .enabled(if: Lab.isPossible, "the lab needs root") }
}
