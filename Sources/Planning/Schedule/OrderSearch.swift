/// Looks for the order of priority that ends soonest, whatever it is that plays an order.
///
/// Source: for taking what ended late first, Joslin, Clements, "Squeaky wheel optimization" (1999).
struct OrderSearch {
    /// What playing an order came to.
    struct Result {
        var starts: [Int64]
        var ends: [Int64]
        /// Those that could never start.
        var stuck: [Int] = []
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
    private var trials: Int
    private var random: SplitMix64
    private(set) var best: [Int]?
    private(set) var score = Score(stuck: Int.max, makespan: Int64.max, late: Int64.max)

    init(count: Int, bound: Int64, seed: UInt64, trials: Int) {
        self.count = count
        self.bound = bound
        self.trials = trials
        random = SplitMix64(seed: seed)
    }

    mutating func run(from orders: [[Int]], play: ([Int]) -> Result) {
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

    /// One that is stuck or ended late goes forward, anything else now and then.
    private mutating func changed(_ order: [Int], _ result: Result) -> [Int] {
        var position = pick(0..<count)
        let isAbout = pick(0..<8)
        if !result.stuck.isEmpty, isAbout != 0 {
            let transfer = result.stuck[pick(result.stuck.indices)]
            position = order.firstIndex(of: transfer) ?? position
        } else if isAbout > 1 {
            let makespan = result.ends.max() ?? 0
            // The last ones first; with luck further down, whatever ends after the bound.
            let threshold = isAbout > 4 ? makespan : min(makespan, bound + 1)
            let late = order.indices.filter { result.ends[order[$0]] >= threshold }
            if !late.isEmpty { position = late[pick(late.indices)] }
        }
        var order = order
        let transfer = order.remove(at: position)
        let target = position > 0 && isAbout != 1 ? pick(0..<position) : pick(0..<count)
        order.insert(transfer, at: target)
        return order
    }

    private mutating func pick(_ range: Range<Int>) -> Int {
        Int.random(in: range, using: &random)
    }
}
