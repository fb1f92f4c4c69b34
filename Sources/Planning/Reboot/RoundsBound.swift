import ClusterModel

/// The fewest rounds that any schedule could have.
///
/// While hosts are down the others hold all that runs. So in each round, and for each resource, the
/// room of the hosts that are down is no more than what the fleet has free; over all rounds the
/// room of all hosts goes by once. Of CPUs a host that is down alone may have more.
struct RoundsBound {
    let fewest: Int

    init(_ problem: PlacementProblem, hosts: [HostName], atMost: Int?) {
        guard !hosts.isEmpty else {
            fewest = 0
            return
        }
        var fewest = 1
        if let atMost { fewest = max(fewest, (hosts.count + atMost - 1) / atMost) }
        let compatibility = Compatibility(problem)
        let open = Set(problem.hosts.indices.filter { compatibility.isOpen($0) })
        let turned = hosts.compactMap { problem.hostIndex[$0] }.filter { open.contains($0) }
        for resource in 0..<problem.width {
            func sum(_ hosts: [Int], _ amounts: [Int64]) -> Int64 {
                hosts.reduce(0) { $0 + amounts[$1 * problem.width + resource] }
            }
            let load = problem.domains.indices.reduce(Int64(0)) {
                open.contains(problem.origin[$1]) ? $0 + problem.load(of: $1, resource) : $0
            }
            var free = sum(open.sorted(), problem.limit) - load
            if problem.layout.cpu.contains(resource) {
                free = max(free, turned.map { sum([$0], problem.limit) }.max() ?? 0)
            }
            guard load > 0, free > 0 else { continue }
            let room = sum(turned, problem.limit)
            fewest = max(fewest, Int((room + free - 1) / free))
        }
        self.fewest = fewest
    }
}
