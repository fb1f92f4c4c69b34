package import ClusterModel

/// Runs commands on a host, for what its daemon does not tell.
package protocol HostShell: Sendable {
    var host: HostName { get }

    /// Runs a script of `sh` unattended and waits for its end, half a minute at most. What cannot
    /// be run is reported among the errors.
    func run(_ script: String) async -> HostShellAnswer
}

/// What a script wrote.
package struct HostShellAnswer: Hashable, Sendable {
    package var output: String
    package var errors: String

    package init(output: String, errors: String) {
        self.output = output
        self.errors = errors
    }
}
