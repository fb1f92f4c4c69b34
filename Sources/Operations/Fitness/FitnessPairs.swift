import ClusterModel

/// Between which hosts something is tried out. Every pair of a large fleet would take hours and
/// tell little more than a part of them: each host there is tried as a source and as a target with
/// a few others, near and far in the fleet file.
struct FitnessPairs: Sendable {
    /// Up to this many hosts all pairs are tried.
    static let mostForAll = 12

    private let hosts: [HostName]
    private let place: [HostName: Int]
    /// How far down the list of hosts the targets of a host are.
    private let steps: [Int]

    init(_ hosts: [HostName], all: Bool) {
        self.hosts = hosts
        place = Dictionary(firstOf: hosts.enumerated().map { ($1, $0) })
        let count = hosts.count
        if all || count <= Self.mostForAll {
            steps = count > 1 ? Array(1..<count) : []
        } else {
            steps = [1, 2, count / 2]
        }
    }

    var isPart: Bool { steps.count + 1 < hosts.count }
    var tried: Int { hosts.count * steps.count }
    var all: Int { hosts.count * (hosts.count - 1) }

    /// In order of the fleet file, from the next one on.
    func targets(of host: HostName) -> [HostName] {
        guard let own = place[host] else { return [] }
        return steps.map { hosts[(own + $0) % hosts.count] }
    }

    /// Does one of two look for the other's mark? All look for that of the first host.
    func areSeenTogether(_ one: HostName, _ other: HostName) -> Bool {
        guard isPart else { return true }
        return one == hosts.first || other == hosts.first || targets(of: one).contains(other)
            || targets(of: other).contains(one)
    }
}
