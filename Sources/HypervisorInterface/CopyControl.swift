package import ClusterModel

/// What a cold move is told and tells while it goes on: to stop, and how far it is.
package protocol CopyControl: AnyObject, Sendable {
    var isCancelled: Bool { get }
    func begin(total: Bytes)
    func advance(by count: Int)
    /// The guest is asked to shut down: told before it is, and once only.
    func askedToShutDown()
    /// An image was made at this path, where nothing lay: told as soon as it is there.
    func made(_ path: String)
}
