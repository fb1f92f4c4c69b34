package import Foundation

/// The main job as a story, told by this very program on a simulated fleet.
package enum Demonstration {
    /// What is typed after `kvmbalance`, in the folder of the fleet.
    package static let story = [
        "simulated-fleet . --hosts 3 --domains 9 --speed 20", "collect --once", "collect --once",
        "status", "plan drain host1", "drain host1 --yes", "status", "return host1 --yes",
        "runs list", "explain 1",
    ].map { $0.split(separator: " ").map(String.init) }

    /// Carries a command out as if it had been typed in this folder, on our own streams. Returns
    /// its exit code.
    package static func run(_ words: [String], in folder: URL) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/exe"))
        process.arguments = words
        process.currentDirectoryURL = folder
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
