import ClusterModel
import PlacementPolicy

/// Holds a plan to N+1: after it, and if the policy asks for that, at every moment of it. A host
/// whose failure could not be made good at the start must not become worse.
struct SpareRoomKeeper {
    private let problem: PlacementProblem
    private var room: SpareRoom
    private let start: [Int: Int64]
    let isDuring: Bool

    /// Changes of one unit's place that are tried to repair a placement.
    static let trialsAtMost = 200

    /// nil when the policy does not ask for N+1. One that is not `isForgiving` holds against a
    /// placement what was amiss at the start too.
    init?(_ problem: PlacementProblem, closed: Set<Int> = [], isForgiving: Bool = true) {
        switch problem.policy.nPlusOne {
        case .off: return nil
        case .after: isDuring = false
        case .during: isDuring = true
        }
        self.problem = problem
        let open = SpareRoom(problem)
        room = closed.isEmpty ? open : open.closing(closed)
        start = isForgiving ? open.measure(WorkingPlacement(problem)) : [:]
    }

    /// The same with other hosts closed.
    func closing(_ closed: Set<Int>) -> SpareRoomKeeper {
        var keeper = self
        keeper.room = room.closing(closed)
        return keeper
    }

    /// Does every domain count, and was nothing amiss at the start?
    var isWhole: Bool { start.isEmpty && room.countsAll }

    /// Hosts whose failure is worse with this placement than at the start.
    func worsened(_ placement: WorkingPlacement) -> [SpareRoom.Shortfall] {
        room.worsened(at: Moment(placement), since: start)
    }

    func blocker(_ shortfall: SpareRoom.Shortfall, while what: String) -> Blocker {
        room.blocker(shortfall, while: what)
    }

    /// Shifts units that move anyway until nothing is worse than at the start; false where that
    /// was not found. Each shift must lower the sum of what is left over.
    func repair(_ state: inout UnitPlacement, units: [Int], targets: [Int]) -> Bool {
        var left = excess(state.placement)
        var trials = Self.trialsAtMost
        var hasChanged = true
        while left > 0, hasChanged {
            hasChanged = false
            for unit in units {
                let present = state.host(of: unit)
                state.remove(unit)
                var best = (target: present, left: left)
                for target in targets
                where target != present && trials > 0 && best.left > 0
                    && state.allows(unit, on: target) && state.fits(unit, on: target)
                {
                    trials -= 1
                    state.place(unit, on: target)
                    let other = excess(state.placement)
                    state.remove(unit)
                    if other < best.left { best = (target, other) }
                }
                state.place(unit, on: best.target)
                if best.target != present {
                    hasChanged = true
                    left = best.left
                }
                if left == 0 { return true }
            }
        }
        return left == 0
    }

    /// Memory that would find no room beyond that, summed over the hosts that might fail.
    func excess(_ placement: WorkingPlacement) -> Int64 {
        worsened(placement).reduce(0) { $0 + $1.memory - (start[$1.host] ?? 0) }
    }

    /// What came of cutting a plan into batches.
    enum Batches {
        /// The batch of each step.
        case found([Int])
        /// No batch can begin with this step.
        case stuck(step: Int, [SpareRoom.Shortfall])
    }

    /// Cuts a sequence into batches that run one after another, so that N+1 holds at every moment.
    ///
    /// While a batch runs, each of its domains has room on both hosts: where one of the two fails,
    /// the other has it. Any state of the batch holds no more than this one, so what finds room
    /// here finds it there. No step of a batch waits for another of it.
    func batches(_ sequence: [PlannedMove]) -> Batches {
        guard isDuring else { return .found(Array(repeating: 0, count: sequence.count)) }
        let waits = StepGraph.waits(for: sequence, in: problem)
        var settled = Moment(WorkingPlacement(problem))
        var batch: [Int] = []
        var running = settled
        var numbers: [Int] = []
        var number = 0
        for (step, move) in sequence.enumerated() {
            let mustWait = waits[step].contains { batch.contains($0.step) }
            var next = running
            next.add(move.domain, at: move.target, in: problem)
            if !batch.isEmpty,
                mustWait || !room.worsened(at: next, since: start).isEmpty
            {
                for done in batch {
                    settled.settle(
                        sequence[done].domain, at: sequence[done].target, in: problem)
                }
                batch = []
                number += 1
                next = settled
                next.add(move.domain, at: move.target, in: problem)
            }
            if batch.isEmpty {
                let worse = room.worsened(at: next, since: start)
                guard worse.isEmpty else { return .stuck(step: step, worse) }
            }
            running = next
            batch.append(step)
            numbers.append(number)
        }
        return .found(numbers)
    }
}
