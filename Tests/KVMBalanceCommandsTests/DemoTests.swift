import Foundation
import TestSupport
import Testing

/// `demo` by the built binary: what a newcomer sees first.
struct DemoTests {
    @Test func itDrainsAndReturnsAndLeavesNothing() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kvmbalance-test-\(UUID().uuidString)")
        let place = folder.appendingPathComponent("tmp")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let told = try Program(
            ["demo"], in: folder, script: "TMPDIR='\(place.path)' exec \"$0\" \"$@\""
        ).wait()
        #expect(told.status == 0, "\(told.text)")
        for words in ["$ kvmbalance drain host1 --yes", "drain host1: done", "return host1: done"] {
            #expect(told.text.contains(words), "'\(words)' is missing: \(told.text)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).isEmpty)
    }
}
