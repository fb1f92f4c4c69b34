package import ClusterModel
package import Execution

/// What a virtual run puts to the test: the run machine, or a mutant of it that must be caught.
package protocol RunDeciding: Sendable {
    var state: RunState { get }
    mutating func handle(_ event: RunEvent, at time: Timestamp) -> [Directive]
}

extension RunMachine: RunDeciding {}
