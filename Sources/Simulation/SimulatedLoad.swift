import ClusterModel
import Foundation

/// A guest's CPU load over time: a wave around its mean, with its own phase, so that the peaks
/// of two guests need not coincide. The counter is the wave's integral: it never goes back.
struct SimulatedLoad {
    /// The wave rises and falls by this share of the mean.
    static let swing = 0.4
    static let periodMilliseconds = 600_000.0

    private let mean: MilliCPU
    private let phase: Double

    init(mean: MilliCPU, of domain: DomainID) {
        self.mean = mean
        // FNV-1a: any fixed hash will do, Swift's own differs in every process.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in domain.rawValue.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        phase = Double(hash % 1000) / 1000 * 2 * Double.pi
    }

    func nanoseconds(from start: Timestamp, to end: Timestamp) -> Int64 {
        guard end > start else { return 0 }
        let milliseconds = integral(to: end) - integral(to: start)
        return Int64(milliseconds * Double(mean.count) * 1000)
    }

    /// Milliseconds at mean load that this much time amounts to.
    private func integral(to time: Timestamp) -> Double {
        let turn = 2 * Double.pi / Self.periodMilliseconds
        let moment = Double(time.milliseconds)
        return moment - Self.swing / turn * cos(moment * turn + phase)
    }
}
