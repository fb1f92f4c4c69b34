import Foundation
import PlacementPolicy
import Testing

@Suite struct ShippedPolicyTests {
    private func text(_ name: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(
            contentsOf: root.appending(path: "policies/\(name).yaml"), encoding: .utf8)
    }

    @Test func `drain.yaml says what holds without a policy`() throws {
        #expect(try Policy(yaml: text("drain")) == .default)
    }

    @Test(arguments: ["drain", "balance", "even", "consolidate", "rolling-reboot"])
    func `a shipped policy opens with when to use it`(name: String) throws {
        let text = try text(name)
        #expect(text.hasPrefix("# \(name): "))
        #expect(text.contains("When to use it"))
        #expect(try Policy(yaml: text).name == name)
    }
}
