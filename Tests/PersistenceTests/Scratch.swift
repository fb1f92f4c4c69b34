import Foundation

/// A directory of its own for one test. It is removed by hand: the last use of the value may come
/// long before the last use of its directory.
struct Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "kvmbalance-store-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}
