import ArgumentParser
import Foundation
import Operations

/// `kvmbalance demo`: a drain and a return on a simulated fleet that is gone afterwards.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show a drain and a return on a simulated fleet; no root, no hypervisor.")

    func run() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kvmbalance-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for words in Demonstration.story {
            Console.out("\n$ kvmbalance \(words.joined(separator: " "))")
            guard try Demonstration.run(words, in: folder) == 0 else { throw ExitCode.failure }
        }
        Console.out("\nAll of this was simulated. Your own: kvmbalance init HOST HOST HOST")
    }
}
