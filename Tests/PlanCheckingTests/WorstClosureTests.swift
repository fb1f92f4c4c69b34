import ClusterModel
import TestSupport
import Testing

@testable import PlanChecking

@Suite struct WorstClosureTests {
    @Test func `the flow finds what trying every set finds`() {
        for seed in UInt64(1)...400 {
            var random = SeededGenerator(seed: seed)
            let outgoing = (0..<random.int(0...6)).map { index in
                (amount: Int64(random.int(1...9)), step: StepID(index))
            }
            let incoming = (0..<random.int(1...7)).map { _ in
                (
                    amount: Int64(random.int(1...9)),
                    after: Set(outgoing.map(\.step).filter { _ in random.oneIn(2) })
                )
            }
            var best: Int64 = 0
            for set in 0..<(1 << incoming.count) {
                let started = incoming.indices.filter { set & (1 << $0) != 0 }
                let waited = started.reduce(into: Set<StepID>()) {
                    $0.formUnion(incoming[$1].after)
                }
                let freed = outgoing.filter { waited.contains($0.step) }.map(\.amount)
                best = max(
                    best, started.reduce(0) { $0 + incoming[$1].amount } - freed.reduce(0, +))
            }
            #expect(WorstClosure.weight(incoming, outgoing) == best, "seed \(seed)")
        }
    }
}
