package import ClusterModel

/// Cancels a running copy and reports its progress.
package protocol CancellableProgress: AnyObject, Sendable {
    var isCancelled: Bool { get }
    func begin(total: Bytes)
    func advance(by count: Int)
    /// The guest is asked to shut down: told before it is, and once only.
    func askedToShutDown()
    /// An image was made at this path, where nothing lay: told as soon as it is there.
    func made(_ path: String)
}
