import ClusterModel

/// Why a kind of guest can not run on a kind of host: a blocker without names.
struct Misfit: Hashable {
    var reason: Blocker.Reason
    var detail: String
    var remedy: String
}
