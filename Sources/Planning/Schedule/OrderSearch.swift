import ClusterModel

/// Looks for the order of priority that ends soonest, whatever it is that plays an order.
///
/// Source: for taking what ended late first, Joslin, Clements, "Squeaky wheel optimization" (1999).
package struct OrderSearch {
    /// What playing an order came to.
    package struct Result {
        package var starts: [Int64]
        package var ends: [Int64]
        /// Those that could never start.
        package var stuck: [Int]

        package init(starts: [Int64], ends: [Int64], stuck: [Int] = []) {
            self.starts = starts
            self.ends = ends
            self.stuck = stuck
        }
    }

    /// Smaller is better, the first difference counts.
    struct Score: Comparable {
        var stuck: Int
        var makespan: Int64
        /// By how much each ended after the bound, summed up.
        var late: Int64

        static func < (one: Score, other: Score) -> Bool {
            (one.stuck, one.makespan, one.late) < (other.stuck, other.makespan, other.late)
        }
    }

    private let count: Int
    private let bound: Int64
    /// Those that each one may have had to wait for.
    private let rivals: [[Int]]
    private var trials: Int
    private var random: SplitMix64
    package private(set) var best: [Int]?
    private(set) var score = Score(stuck: Int.max, makespan: Int64.max, late: Int64.max)

    package init(rivals: [[Int]], bound: Int64, seed: UInt64, trials: Int) {
        count = rivals.count
        self.bound = bound
        self.rivals = rivals
        self.trials = trials
        random = SplitMix64(seed: seed)
    }

    package mutating func run(from orders: [[Int]], play: ([Int]) -> Result) {
        var tried: Set<[Int]> = []
        var current: (order: [Int], result: Result, score: Score)?
        for order in orders where tried.insert(order).inserted && !isDone {
            let result = play(order)
            let score = score(of: result)
            keep(order, score)
            if current.map({ score < $0.score }) ?? true { current = (order, result, score) }
        }
        guard var current, count > 1 else { return }
        while trials > 0, !isDone {
            trials -= 1
            let order = changed(current.order, current.result)
            let result = play(order)
            let score = score(of: result)
            keep(order, score)
            if score <= current.score { current = (order, result, score) }
        }
    }

    private var isDone: Bool { score.stuck == 0 && score.makespan <= bound }

    private mutating func keep(_ order: [Int], _ score: Score) {
        guard score < self.score else { return }
        self.score = score
        best = order
    }

    private func score(of result: Result) -> Score {
        var late: Int64 = 0
        for end in result.ends where end > bound { late += end - bound }
        return Score(stuck: result.stuck.count, makespan: result.ends.max() ?? 0, late: late)
    }

    /// One that is stuck or ended late goes before something that may have stood in its way; now
    /// and then anything goes anywhere before.
    private mutating func changed(_ order: [Int], _ result: Result) -> [Int] {
        // Who started first stands first: plays the same, and says where a change takes effect.
        let stuck = Set(result.stuck)
        var order =
            order.filter { !stuck.contains($0) }.enumerated().sorted {
                (result.starts[$0.element], $0.offset) < (result.starts[$1.element], $1.offset)
            }.map(\.element) + order.filter { stuck.contains($0) }
        guard pick(0..<8) != 0 else {
            let transfer = order.remove(at: pick(0..<count))
            order.insert(transfer, at: pick(0..<count))
            return order
        }
        let transfer = sufferer(result)
        guard let position = order.firstIndex(of: transfer) else { return order }
        let earlier = rivals[transfer].filter {
            stuck.contains(transfer) || result.starts[$0] < result.starts[transfer]
        }
        var target = pick(0..<(position + 1))
        if !earlier.isEmpty {
            target = order.firstIndex(of: earlier[pick(earlier.indices)]) ?? target
        }
        guard target < position else { return order }
        order.remove(at: position)
        order.insert(transfer, at: target)
        return order
    }

    /// One of the stuck, else of the last to end, else of those that ended after the bound or,
    /// now and then, of those that kept them waiting.
    private mutating func sufferer(_ result: Result) -> Int {
        if !result.stuck.isEmpty { return result.stuck[pick(result.stuck.indices)] }
        let makespan = result.ends.max() ?? 0
        let threshold = pick(0..<2) == 0 ? makespan : min(makespan, bound + 1)
        let late = result.ends.indices.filter { result.ends[$0] >= threshold }
        let one = late[pick(late.indices)]
        let earlier = rivals[one].filter { result.starts[$0] < result.starts[one] }
        guard !earlier.isEmpty, pick(0..<3) == 0 else { return one }
        return earlier[pick(earlier.indices)]
    }

    private mutating func pick(_ range: Range<Int>) -> Int {
        Int.random(in: range, using: &random)
    }
}
