/// The shortest schedule of a few transfers, by trying all orders in which they can start.
///
/// In some best schedule each transfer starts as early as those that started before it allow, so it
/// is enough to choose who starts next and in which way: depth-first, cut where the bound of what
/// is left reaches the best known, where the same transfers are behind with no resource free
/// sooner, and where equal transfers would change places. Source: Demeulemeester, Herroelen, "A
/// branch-and-bound procedure for the multiple resource-constrained project scheduling problem"
/// (1992).
struct ExactSchedule {
    static let transfersAtMost = 16

    /// What has started: when and how.
    private struct State {
        var started: UInt32 = 0
        var now: Int64 = 0
        var starts: [Int64]
        var ways: [Int]
        /// End of each transfer that has started.
        var ends: [Int64]
    }

    /// A state seen before at the same set of transfers: the way taken and when it is over.
    private struct Seen {
        var now: Int64
        var ways: [Int]
        var ends: [Int64]
    }

    private let problem: TransferProblem
    private let bound: ScheduleBound
    private let least: [[TransferProblem.Claim]]
    /// The equal transfer before each, which must start first.
    private let twin: [Int?]
    private let goal: Int64
    private var branches: Int
    private var seen: [UInt32: [Seen]] = [:]
    private(set) var best: (starts: [Int64], ways: [Int], makespan: Int64)?
    private var limit: Int64
    /// All was tried, or cut for a reason.
    private(set) var isComplete = true

    init(_ problem: TransferProblem, bound: ScheduleBound, below limit: Int64, branches: Int) {
        self.problem = problem
        self.bound = bound
        self.limit = limit
        self.branches = branches
        goal = bound.milliseconds
        least = problem.transfers.map { ScheduleBound.leastWork($0) }
        twin = problem.transfers.indices.map { index in
            problem.transfers[..<index].lastIndex { $0 == problem.transfers[index] }
        }
    }

    mutating func run() {
        let count = problem.transfers.count
        guard count <= Self.transfersAtMost else {
            isComplete = false
            return
        }
        branch(
            State(
                starts: Array(repeating: 0, count: count),
                ways: Array(repeating: 0, count: count), ends: Array(repeating: 0, count: count)))
    }

    private mutating func branch(_ state: State) {
        let count = problem.transfers.count
        if state.started.nonzeroBitCount == count {
            let makespan = state.ends.max() ?? 0
            if makespan < limit {
                limit = makespan
                best = (state.starts, state.ways, makespan)
            }
            return
        }
        guard branches > 0 else {
            isComplete = false
            return
        }
        branches -= 1
        guard lowest(state) < limit, !isSeen(state) else { return }
        var next: [State] = []
        for transfer in 0..<count where state.started & (1 << UInt32(transfer)) == 0 {
            if let twin = twin[transfer], state.started & (1 << UInt32(twin)) == 0 { continue }
            for way in problem.transfers[transfer].ways.indices {
                if let start = earliest(transfer, way, state) {
                    next.append(starting(transfer, way, at: start, state))
                }
            }
        }
        // Soonest first; of those, the longest way to go first.
        next.sort { one, other in
            one.now != other.now ? one.now < other.now : lowest(one) < lowest(other)
        }
        for state in next where limit > goal { branch(state) }
    }

    private func starting(_ transfer: Int, _ way: Int, at start: Int64, _ state: State) -> State {
        var state = state
        state.started |= 1 << UInt32(transfer)
        state.now = start
        state.starts[transfer] = start
        state.ways[transfer] = way
        state.ends[transfer] = start + max(1, problem.transfers[transfer].ways[way].milliseconds)
        return state
    }

    /// When a transfer could start, not before the last one did: now, or when another ends.
    private func earliest(_ transfer: Int, _ way: Int, _ state: State) -> Int64? {
        let own = problem.transfers[transfer]
        var from = max(state.now, own.earliestMilliseconds)
        for wait in own.after {
            guard state.started & (1 << UInt32(wait)) != 0 else { return nil }
            from = max(from, state.ends[wait])
        }
        let started = problem.transfers.indices.filter { state.started & (1 << UInt32($0)) != 0 }
        let times = [from] + started.map { state.ends[$0] }.filter { $0 > from }.sorted()
        return times.first { time in
            own.ways[way].channels.allSatisfy { claim in
                used(claim.index, at: time, started, state) + claim.amount
                    <= problem.channels[claim.index]
            }
                && own.takes.allSatisfy { claim in
                    stock(claim.index, at: time, started, state) >= claim.amount
                }
        }
    }

    private func used(_ channel: Int, at time: Int64, _ started: [Int], _ state: State) -> Int64 {
        started.reduce(0) { sum, other in
            guard state.ends[other] > time else { return sum }
            return problem.transfers[other].ways[state.ways[other]].channels.reduce(sum) {
                $1.index == channel ? $0 + $1.amount : $0
            }
        }
    }

    private func stock(_ store: Int, at time: Int64, _ started: [Int], _ state: State) -> Int64 {
        started.reduce(problem.stores[store]) { sum, other in
            let transfer = problem.transfers[other]
            let taken = transfer.takes.reduce(sum) { $1.index == store ? $0 - $1.amount : $0 }
            guard state.ends[other] <= time else { return taken }
            return transfer.frees.reduce(taken) { $1.index == store ? $0 + $1.amount : $0 }
        }
    }

    /// No schedule that goes on from here ends before this.
    private func lowest(_ state: State) -> Int64 {
        var lowest = state.ends.max() ?? 0
        var work = [Int64](repeating: 0, count: problem.channels.count)
        for (index, transfer) in problem.transfers.enumerated() {
            if state.started & (1 << UInt32(index)) != 0 {
                lowest = max(lowest, state.starts[index] + bound.tails[index])
                let rest = state.ends[index] - state.now
                guard rest > 0 else { continue }
                for claim in transfer.ways[state.ways[index]].channels {
                    work[claim.index] += claim.amount * rest
                }
            } else {
                lowest = max(lowest, max(state.now, bound.heads[index]) + bound.tails[index])
                for claim in least[index] { work[claim.index] += claim.amount }
            }
        }
        for (channel, capacity) in problem.channels.enumerated() where work[channel] > 0 {
            lowest = max(lowest, state.now + (work[channel] + capacity - 1) / max(1, capacity))
        }
        return lowest
    }

    /// Was the same set started before, with nothing over later than here?
    private mutating func isSeen(_ state: State) -> Bool {
        let known = seen[state.started] ?? []
        let isDominated = known.contains { earlier in
            earlier.now <= state.now
                && problem.transfers.indices.allSatisfy { index in
                    let end = max(earlier.ends[index], earlier.now)
                    return end <= state.now
                        || (end <= state.ends[index] && earlier.ways[index] == state.ways[index])
                }
        }
        if !isDominated, known.count < 64 {
            seen[state.started, default: []].append(
                Seen(now: state.now, ways: state.ways, ends: state.ends))
        }
        return isDominated
    }
}
