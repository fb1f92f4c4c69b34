package import Foundation
package import PlacementPolicy

/// The policies that a fleet may be planned under.
package struct FleetPolicies: Sendable {
    private let fleet: Fleet
    /// Folder of the fleet file: what it names relatively is looked for here.
    private let folder: URL

    package init(of fleet: Fleet, in folder: URL) {
        self.fleet = fleet
        self.folder = folder
    }

    /// This file, else the fleet file's.
    package func file(_ path: String?) -> String? {
        path ?? fleet.policy.map { URL(fileURLWithPath: $0, relativeTo: folder).path }
    }

    /// The policy of this file, else the fleet file's, else the built-in one.
    package func policy(_ path: String?) throws -> Policy {
        guard let file = file(path) else {
            return Policy.default.adding(sharedStorage: fleet.sharedStorage)
        }
        return try Self.read(file).adding(sharedStorage: fleet.sharedStorage)
    }

    /// A policy file by itself.
    package static func read(_ path: String) throws -> Policy {
        let text = try TextFile.read(path)
        do { return try Policy(yaml: text) } catch { throw CommandError("\(path): \(error)") }
    }
}
