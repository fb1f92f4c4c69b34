import ClusterModel

/// Why a kind of guest cannot run on a kind of host: a blocker without names.
struct Misfit: Hashable {
    var reason: Blocker.Reason
    var detail: String
    var remedy: String
    /// See `Blocker.job`.
    var job: PassingJob?
    /// For a disk whose words come with its guest: see `StorageWords`.
    var storage: StorageMisfit?
}
