package import ClusterModel
package import PlacementPolicy

/// A fleet whose first host can be emptied, though there is hardly room for its domains.
///
/// The other hosts are packed to the brim; then domains migrate one at a time, some of them to the
/// first host. The same migrations backwards drain it again, each of them with room on both ends.
package struct PlantedFleet {
    package private(set) var builder = ClusterBuilder()
    /// Migrations that drain the first host, in an order that can be carried out.
    package private(set) var solution: [Move] = []

    /// Sizes are whole: nothing comes on top of them.
    package static let policy: Policy = {
        var policy = Policy(name: "planted")
        policy.perDomainOverhead = .zero
        return policy
    }()

    private var random: SeededGenerator
    private var sizes: [Int] = []
    private var host: [Int] = []
    private var free: [Int]
    private var hasMoved: Set<Int> = []

    private static let usual = [3, 5, 7, 9, 11, 13, 17, 19, 23]

    /// Hosts of `room` GiB each, of which up to `slack` stay free when the first one is empty, and
    /// about so many domains of other hosts that must move as well.
    package init(hosts: Int, room: Int, slack: Int, bystanders: Int, seed: UInt64) {
        random = SeededGenerator(seed: seed)
        free = Array(repeating: room, count: hosts)
        for index in 1..<hosts { pack(index, leaving: random.int(0...slack)) }
        unpack(bystanders: bystanders)
        for index in 0..<hosts {
            builder.host(HostName("host\(index + 1)"), memory: .gibibytes(Int64(room)), cpus: 64)
        }
        for (index, size) in sizes.enumerated() {
            builder.domain(
                "vm\(index)", on: HostName("host\(host[index] + 1)"),
                memory: .gibibytes(Int64(size)))
        }
        solution.reverse()
    }

    private mutating func pack(_ index: Int, leaving slack: Int) {
        while free[index] > slack {
            let most = free[index] - slack
            let size = Self.usual[random.int(0...Self.usual.count - 1)]
            // Nothing smaller than the smallest is left over.
            let taken = most <= 23 ? most : min(size, most - 3)
            sizes.append(taken)
            host.append(index)
            free[index] -= taken
        }
    }

    private mutating func unpack(bystanders: Int) {
        var failures = 0
        var others = 0
        while failures < 200 {
            let item = random.int(0...sizes.count - 1)
            let toFirst = others >= bystanders || !random.oneIn(3)
            let target = toFirst ? 0 : random.int(1...free.count - 1)
            guard !hasMoved.contains(item), host[item] != target, free[target] >= sizes[item]
            else {
                failures += 1
                continue
            }
            if !toFirst { others += 1 }
            failures = 0
            move(item, to: target)
        }
    }

    private mutating func move(_ item: Int, to target: Int) {
        let source = host[item]
        solution.append(
            Move(
                domain: DomainID("id-of-vm\(item)"), source: HostName("host\(target + 1)"),
                target: HostName("host\(source + 1)")))
        free[source] += sizes[item]
        free[target] -= sizes[item]
        host[item] = target
        hasMoved.insert(item)
    }
}
