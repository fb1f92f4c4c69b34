package import Foundation

/// What this build made, beside the tests.
package enum Built {
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Tests/sanitize builds elsewhere and says where.
    package static func program(_ name: String) -> URL {
        let folder = ProcessInfo.processInfo.environment["KVMBALANCE_BUILD"]
        return
            (folder.map { URL(fileURLWithPath: $0) }
            ?? root.appendingPathComponent(".build/debug")).appendingPathComponent(name)
    }
}
