package import ClusterModel

/// What a cold move is told and tells while it goes on: to stop, and how far it is.
package protocol CopyControl: AnyObject, Sendable {
    var isCancelled: Bool { get }
    func begin(total: Bytes)
    func advance(by count: Int)
}
