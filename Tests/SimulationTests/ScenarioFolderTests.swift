import FaultScenarios
import Foundation
import Scenarios
import Testing

/// Every folder of `simulations/` is played, and tells its `expected.log`.
struct ScenarioFolderTests {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("simulations")

    static let folders: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        // Folders with a history are recorded ones, which 'kvmbalance simulate' plays.
        return names.filter {
            FileManager.default.fileExists(
                atPath: root.appendingPathComponent("\($0)/faults.yaml").path)
        }.sorted()
    }()

    @Test func `there are folders`() {
        #expect(Self.folders.count >= 12)
    }

    @Test(arguments: folders)
    func `a folder tells its story`(name: String) throws {
        let folder = Self.root.appendingPathComponent(name)
        let scenario = try ScenarioFolder(at: folder)
        let played = scenario.play()
        let story = played.story
        // What is known to go wrong must be taken off the list when it is fixed.
        #expect(played.violations.isEmpty == !scenario.isKnown)
        let expected = try String(
            contentsOf: folder.appendingPathComponent("expected.log"), encoding: .utf8)
        #expect(
            story == expected,
            """
            if the new story is right: kvmbalance-bench faults --scenario simulations/\(name) \
            > simulations/\(name)/expected.log
            \(story)
            """)
    }

    /// Whatever else goes wrong there, our process may also die: after each record in turn.
    @Test(arguments: folders)
    func `a crash after any record is survived`(name: String) throws {
        let folder = try ScenarioFolder(at: Self.root.appendingPathComponent(name))
        guard !folder.isKnown else { return }
        let records = folder.play().records
        #expect(records > 3)
        for record in 1...records {
            let played = folder.play(crashAfterRecord: record)
            #expect(played.violations.isEmpty && played.outcome != nil, "record \(record)")
        }
    }
}
