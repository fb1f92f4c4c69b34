import ClusterModel

extension AssignmentWorker {
    /// Puts an item where there is no room for it, and moves others away from there until there
    /// is: what is large moves at all only so. All of it, or nothing, and nothing if it would add
    /// more than `limit`.
    func eject(_ item: Int, to target: Int, limit: Int64, random: inout SplitMix64) -> Bool {
        let source = Int(state.bin[item])
        guard source != target, state.mayEnter(item, target) else { return false }
        let start = state.cost
        trailCount = 0
        step(item, to: target)
        while let short = state.shortage(target) {
            guard trailCount < Self.longestTrail,
                let victim = victim(of: short, on: target, for: item, random: &random),
                let refuge = refuge(victim, near: source, random: &random)
            else {
                undo()
                return false
            }
            step(victim, to: refuge)
        }
        guard state.cost &- start <= limit else {
            undo()
            return false
        }
        return true
    }

    private func step(_ item: Int, to target: Int) {
        trail[2 * trailCount] = Int32(item)
        trail[2 * trailCount + 1] = state.bin[item]
        trailCount += 1
        accept(item, to: target)
    }

    private func undo() {
        while trailCount > 0 {
            trailCount -= 1
            state.move(Int(trail[2 * trailCount]), to: Int(trail[2 * trailCount + 1]))
        }
    }

    /// An item whose going ends the shortage with little to spare, among a random half of those
    /// that are looked at. The next look goes on where this one ended.
    private func victim(
        of short: (resource: Int, amount: Int64), on bin: Int, for item: Int,
        random: inout SplitMix64
    ) -> Int? {
        var best = -1
        var bestScore = Int64.max
        var bits = random.next()
        var other = Int(state.first[bin])
        for _ in 0..<min(Self.longestLook, Int(state.count[bin])) {
            bits = bits >> 1 | bits << 63
            if bits & 1 == 0 && other != item {
                let freed = state.freed(other, short.resource)
                let spare = freed &- short.amount
                let score = spare >= 0 ? spare : -2 &* spare
                if freed > 0 && score < bestScore {
                    best = other
                    bestScore = score
                }
            }
            other = Int(state.next[other])
        }
        state.first[bin] = Int32(other)
        return best >= 0 ? best : nil
    }

    /// The cheapest of a few bins an item may go to: where the room was made, home, and some more.
    private func refuge(_ item: Int, near source: Int, random: inout SplitMix64) -> Int? {
        var best = -1
        var bestDelta = AssignmentState.never
        for attempt in 0..<Self.refuges {
            let target =
                attempt == 0
                ? source
                : attempt == 1
                    ? Int(state.tables.origin[item])
                    : number(random.next() >> 32, below: state.tables.bins)
            if !isMine[target] { continue }
            let delta = state.shiftDelta(item, to: target, limit: bestDelta &- 1)
            if delta < bestDelta {
                best = target
                bestDelta = delta
            }
        }
        return best >= 0 ? best : nil
    }
}
