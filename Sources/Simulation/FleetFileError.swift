/// A fleet file that cannot be read or written.
package struct FleetFileError: Error, Hashable, CustomStringConvertible, Sendable {
    package var path: String
    package var message: String

    package init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    package var description: String { "the simulated fleet '\(path)' \(message)" }
}
