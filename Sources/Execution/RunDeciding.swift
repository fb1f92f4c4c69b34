package import ClusterModel

/// Decides what a run does, for an executor that carries it out: the run machine, or a deliberately
/// wrong one that tests put in its place.
package protocol RunDeciding: Sendable {
    var state: RunState { get }

    mutating func handle(_ event: RunEvent, at time: Timestamp) -> [Directive]

    /// How the next migration between these hosts is driven: peer-to-peer or managed.
    func route(from source: HostName, to target: HostName) -> MigrationOptions.Route
}
