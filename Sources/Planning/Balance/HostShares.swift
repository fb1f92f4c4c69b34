/// How full hosts are while units go from one to another: kept up to date, because to look at all
/// hosts' loads after each move is dear in a large fleet.
struct HostShares {
    private let view: BalanceView
    private let position: [Int]
    /// By measure and position in the view's hosts.
    private(set) var shares: [[Int64]]

    init(_ view: BalanceView, _ load: [Int64]) {
        self.view = view
        var position = Array(repeating: -1, count: view.problem.hosts.count)
        for (index, host) in view.hosts.enumerated() { position[host] = index }
        self.position = position
        shares = view.shares(load)
    }

    var score: BalanceScore { BalanceScore(view, shares: shares) }

    mutating func update(_ host: Int, _ load: [Int64]) {
        let index = position[host]
        guard index >= 0 else { return }
        for (number, measure) in view.measures.enumerated() {
            shares[number][index] = view.share(of: host, measure.resources, load)
        }
    }

    /// The measure with the widest gap between two hosts; nil where all are alike. Hosts that must
    /// stay above a limit are left out, here as below.
    var widest: Int? {
        var widest: (measure: Int, gap: Int64)?
        for (number, measure) in view.measures.enumerated() {
            var (highest, lowest) = (Int64(0), Int64.max)
            for (share, isFixed) in zip(shares[number], measure.isFixed) where !isFixed {
                highest = max(highest, share)
                lowest = min(lowest, share)
            }
            let gap = highest - min(lowest, highest)
            if gap > widest?.gap ?? 0 { widest = (number, gap) }
        }
        return widest?.measure
    }

    /// The share of a host and its position.
    typealias Rank = (share: Int64, position: Int)

    /// Positions of the first hosts in an order, as many as asked for. The others are compared with
    /// the last of those alone: sorting all of a large fleet for each move is dear.
    func first(
        _ count: Int, by measure: Int, _ precedes: (Rank, Rank) -> Bool
    ) -> [Int] {
        let (shares, isFixed) = (shares[measure], view.measures[measure].isFixed)
        var found: [Rank] = []
        for position in shares.indices where !isFixed[position] {
            let rank = (shares[position], position)
            if found.count == count {
                guard let last = found.last, precedes(rank, last) else { continue }
                found.removeLast()
            }
            found.insert(rank, at: found.firstIndex { precedes(rank, $0) } ?? found.endIndex)
        }
        return found.map(\.position)
    }

    /// The emptiest first, and of hosts that are as empty the first.
    func emptiest(_ count: Int, by measure: Int) -> [Int] { first(count, by: measure, <) }
}
