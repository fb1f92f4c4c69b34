/// A domain's change of host, by dense indices.
struct PlannedMove: Hashable {
    var domain: Int
    var source: Int
    var target: Int
}
