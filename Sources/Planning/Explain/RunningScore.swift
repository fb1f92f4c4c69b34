import ClusterModel

/// The figures of a placement that changes host by host: after a move only two of them are looked
/// at.
struct RunningScore {
    private let problem: PlacementProblem
    private let receives: Set<Int>
    private var memory: [Int64]
    private var cpu: [Int64]
    private var isInUse: [Bool]

    init(_ placement: WorkingPlacement) {
        problem = placement.problem
        receives = Set(problem.arriving.map(\.host))
        let none = [Int64](repeating: 0, count: problem.hosts.count)
        (memory, cpu) = (none, none)
        isInUse = Array(repeating: false, count: problem.hosts.count)
        for host in problem.hosts.indices { look(at: host, in: placement) }
    }

    /// Takes in what has become of a host.
    mutating func look(at host: Int, in placement: WorkingPlacement) {
        guard problem.isReachable[host] else { return }
        let base = host * problem.width
        func share(_ resource: Int) -> Int64 {
            WorkingPlacement.share(
                placement.load[base + resource], of: problem.capacity[base + resource])
        }
        memory[host] = share(ResourceLayout.memory)
        cpu[host] = problem.layout.cpu.map(share).max() ?? 0
        isInUse[host] = !placement.residents[host].isEmpty || receives.contains(host)
    }

    /// The highest shares in hundredths of a percent, and the hosts in use.
    var peaks: (memory: Int64, cpu: Int64, hostsInUse: Int) {
        (memory.max() ?? 0, cpu.max() ?? 0, isInUse.count { $0 })
    }
}
