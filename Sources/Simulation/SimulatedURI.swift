package import ClusterModel
import Foundation

/// A host of a simulated fleet as `kvmbalance.yaml` names it:
/// `simulated:///path/to/fleet.json?host=host1`.
package struct SimulatedURI: Hashable, Sendable, CustomStringConvertible {
    package static let scheme = "simulated"

    /// The fleet's file.
    package var file: String
    package var host: HostName

    package init(file: String, host: HostName) {
        self.file = file
        self.host = host
    }

    /// nil when the text is not a URI of this kind; `isSimulated` tells whether it was meant to be
    /// one.
    package init?(_ text: String) {
        guard Self.isSimulated(text), let parts = URLComponents(string: text),
            parts.host?.isEmpty ?? true, !parts.path.isEmpty,
            let host = parts.queryItems?.first(where: { $0.name == "host" })?.value, !host.isEmpty
        else { return nil }
        file = parts.path
        self.host = HostName(host)
    }

    package static func isSimulated(_ text: String) -> Bool { text.hasPrefix("\(scheme):") }

    package var description: String {
        var parts = URLComponents()
        parts.scheme = Self.scheme
        parts.host = ""
        parts.path = file
        parts.queryItems = [URLQueryItem(name: "host", value: host.rawValue)]
        return parts.string ?? "\(Self.scheme)://\(file)?host=\(host)"
    }
}
