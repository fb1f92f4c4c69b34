import ClusterModel

/// Numbers that depend on the seed alone, so that a failing case is named by its seed.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var generator: SplitMix64

    /// Seeds that follow each other begin far apart.
    package init(seed: UInt64) {
        generator = SplitMix64(seed: seed &* 0x2545_f491_4f6c_dd1d &+ 1)
    }

    package mutating func next() -> UInt64 { generator.next() }

    package mutating func int(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &self)
    }

    /// True once in `times` calls.
    package mutating func oneIn(_ times: Int) -> Bool { int(1...times) == 1 }
}
