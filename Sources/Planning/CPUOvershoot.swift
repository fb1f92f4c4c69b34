import ClusterModel

/// A host that a plan fills above its CPUs.
struct CPUOvershoot {
    /// In the slot of demand that ends highest, or gets highest where none ends above what there
    /// is.
    var before: Int64
    var most: Int64
    var capacity: Int64
    /// Is it so at the end, and not only on the way?
    var isLasting: Bool

    /// The hosts that end above what they have, or get there on the way, and were not so full
    /// before.
    static func all(
        of sequence: [PlannedMove], in problem: PlacementProblem
    ) -> [Int: CPUOvershoot] {
        let (width, slots) = (problem.width, problem.layout.cpu)
        var load = problem.initialLoad
        var most = load
        for move in sequence {
            for slot in slots {
                let demand = problem.load(of: move.domain, slot)
                let (source, target) = (move.source * width + slot, move.target * width + slot)
                load[target] += demand
                most[target] = max(most[target], load[target])
                load[source] -= demand
            }
        }
        var found: [Int: CPUOvershoot] = [:]
        for host in Set(sequence.map(\.target)) {
            let rows = slots.map { host * width + $0 }
            func worst(_ load: [Int64], isLasting: Bool) -> CPUOvershoot? {
                rows.filter { load[$0] > max(problem.capacity[$0], problem.initialLoad[$0]) }
                    .max { (load[$0], $1) < (load[$1], $0) }
                    .map { row in
                        CPUOvershoot(
                            before: problem.initialLoad[row], most: load[row],
                            capacity: problem.capacity[row], isLasting: isLasting)
                    }
            }
            found[host] = worst(load, isLasting: true) ?? worst(most, isLasting: false)
        }
        return found
    }

    /// The least share of the host, in hundredths of a percent, that admits it.
    var share: Int64 {
        capacity > 0 ? (most * 10_000 + capacity - 1) / capacity : Int64.max
    }

    /// What deserves to be known before.
    func caution(_ host: HostName) -> String {
        let figures =
            "the guests of \(host) \(isLasting ? "will demand" : "demand for a while") "
            + "\(MilliCPU(most)) where it can give \(MilliCPU(capacity))"
        guard capacity > 0 else { return "\(figures): they get slower" }
        let shares = [before, most].map { (WorkingPlacement.share($0, of: capacity) + 50) / 100 }
        return "\(figures) (CPU from \(shares[0]) to \(shares[1]) %): they get slower"
    }
}
