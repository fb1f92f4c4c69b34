import Foundation
import PlacementPolicy
import Testing

/// kvmbalance.yaml(5) against the reader: every key, and an example that is read.
struct FleetPageTests {
    private static func page() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(
            contentsOf: root.appending(path: "docs/man/kvmbalance.yaml.5.md"), encoding: .utf8)
    }

    /// The keys that the reader lists when it is given another one.
    private static func known(_ yaml: String) throws -> [String] {
        do {
            _ = try FleetReader.read(yaml)
        } catch {
            let words = try #require("\(error)".firstMatch(of: /Valid keys: ([^.]+)\./)?.1)
            return words.split(separator: ", ").map(String.init)
        }
        Issue.record("this is read: \(yaml)")
        return []
    }

    @Test func everyKeyIsOnThePageAndNoOther() throws {
        let start = "hosts: [{name: a, uri: 'qemu+ssh://a/system'"
        let inner = [
            ("reserve", try Self.known("\(start), reserve: {x: 1}}]")),
            ("sharedStorage", try Self.known("\(start)}]\nsharedStorage: [{x: 1}]")),
            ("retention", try Self.known("\(start)}]\nretention: {x: 1}")),
        ]
        let keys =
            try Self.known("x: 1") + Self.known("hosts: [{x: 1}]").filter { $0 != "reserve" }
            + inner.flatMap { above, keys in keys.map { "\(above).\($0)" } }
        #expect(keys.count > 18)
        let told = try Self.page().matches(of: /\n\| `([^`]+)`/).map { String($0.1) }
        #expect(told.sorted() == keys.sorted())
    }

    @Test func theExampleIsReadAndHasEveryKeyOfAHost() throws {
        let example = try Self.page().components(separatedBy: "```yaml\n")[1]
            .components(separatedBy: "```")[0]
        let fleet = try FleetReader.read(example)
        #expect(fleet.hosts.count == 3)
        for key in try Self.known("hosts: [{x: 1}]") {
            #expect(example.contains("\(key): "), "the example has no '\(key)'")
        }
    }
}
