import ClusterModel

/// A way from the start to where every leaving unit has left, step by step, and how to make it
/// shorter.
struct WalkedPath {
    private let start: UnitPlacement
    private let leaving: [Int]
    private(set) var steps: [AssignmentWalk.Step]

    /// Steps above which a way is not shortened one by one.
    static let shortenedUpTo = 300

    init(_ steps: [AssignmentWalk.Step], from start: UnitPlacement, leaving: [Int]) {
        self.start = start
        self.leaving = leaving
        self.steps = Self.withoutLoops(steps, start.units.members.count)
    }

    /// Leaves out what lies between two visits to one placement.
    private static func withoutLoops(
        _ steps: [AssignmentWalk.Step], _ units: Int
    ) -> [AssignmentWalk.Step] {
        func mixed(_ unit: Int, _ host: Int) -> UInt64 {
            var random = SplitMix64(seed: UInt64(host) &* UInt64(units) &+ UInt64(unit))
            return random.next()
        }
        var kept: [AssignmentWalk.Step] = []
        var signatures: [UInt64] = [0]
        var position: [UInt64: Int] = [0: 0]
        for step in steps {
            let signature =
                signatures[signatures.count - 1] ^ mixed(step.item, step.from)
                ^ mixed(step.item, step.to)
            if let before = position[signature] {
                for old in signatures[(before + 1)...] { position[old] = nil }
                signatures.removeSubrange((before + 1)...)
                kept.removeSubrange(before...)
            } else {
                kept.append(step)
                signatures.append(signature)
                position[signature] = kept.count
            }
        }
        return kept
    }

    /// Tries to leave out one step after another, the last first, until none can be spared.
    mutating func shorten() {
        guard steps.count <= Self.shortenedUpTo else { return }
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for index in steps.indices.reversed() where index < steps.count {
                let shorter = without(index)
                if shorter != steps, Self(valid: shorter, start, leaving) != nil {
                    steps = shorter
                    hasChanged = true
                }
            }
        }
    }

    /// The way without one step, the next of that unit beginning where it stays.
    private func without(_ index: Int) -> [AssignmentWalk.Step] {
        var shorter = steps
        let step = shorter.remove(at: index)
        if let next = shorter[index...].firstIndex(where: { $0.item == step.item }) {
            shorter[next].from = step.from
            if shorter[next].to == step.from { shorter.remove(at: next) }
        }
        return shorter
    }

    private init?(
        valid steps: [AssignmentWalk.Step], _ start: UnitPlacement, _ leaving: [Int]
    ) {
        self.start = start
        self.leaving = leaving
        self.steps = steps
        if final == nil { return nil }
    }

    /// Where the way leads, if each of its steps can be made and everything is right in the end.
    var final: UnitPlacement? {
        var state = start
        for step in steps {
            for domain in start.units.members[step.item] {
                guard start.compatibility.allows(domain, from: step.from, to: step.to),
                    state.placement.overflow(adding: domain, to: step.to) == nil,
                    state.placement.brokenGroup(domain, at: step.to, isMoving: true) == nil
                else { return nil }
                state.placement.remove(domain)
                state.placement.place(domain, on: step.to)
            }
        }
        let isSound = Set(steps.map(\.item)).allSatisfy {
            start.allows($0, on: state.host(of: $0)) && state.violation(of: $0) == nil
        }
        let isDone = leaving.allSatisfy { state.host(of: $0) != start.host(of: $0) }
        return isSound && isDone ? state : nil
    }

    /// The moves, domain by domain.
    var moves: [PlannedMove] {
        steps.flatMap { step in
            start.units.members[step.item].map {
                PlannedMove(domain: $0, source: step.from, target: step.to)
            }
        }
    }
}
