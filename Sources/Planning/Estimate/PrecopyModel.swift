import ClusterModel

/// What a live migration copies and how long the guest stands still: an estimate, nothing more.
///
/// Pre-copy sends all memory, then again and again what was written meanwhile. With writing at a
/// share r of the sending speed each round is r times the one before, so n rounds send M·(1 −
/// rⁿ)/(1 − r). Source: Clark et al., "Live migration of virtual machines" (2005). Constant time.
struct PrecopyModel {
    /// Begin, Prepare, Finish and Confirm, connections and the new QEMU process.
    static let setupMilliseconds: Int64 = 1000
    /// QEMU's default downtime limit: what is left is sent when it takes no longer than this.
    static let downtimeLimitMilliseconds: Int64 = 300
    /// Handing over devices and resuming.
    static let switchoverMilliseconds: Int64 = 30
    /// Rounds after which a guest that writes too fast is counted as stopped by auto-converge,
    /// post-copy or an operator.
    static let roundsAtMost = 10

    var volume: Bytes
    var downtimeMilliseconds: Int64

    /// `rate` in bytes a second.
    init(memory: Bytes, dirtyRate: Bytes?, rate: Int64) {
        let rate = max(1, rate)
        // At no time is more rewritten than there is.
        let dirty = min(dirtyRate?.count ?? 0, rate)
        var round = memory.count
        var sent: Int64 = 0
        var rounds = 0
        let small = rate / 1000 * Self.downtimeLimitMilliseconds
        while round > small, rounds < Self.roundsAtMost {
            sent += round
            // Split to stay within 64 bits for terabytes at gigabytes a second.
            round = min(memory.count, Int64(Double(round) / Double(rate) * Double(dirty)))
            rounds += 1
        }
        volume = Bytes(sent + round)
        downtimeMilliseconds = round * 1000 / rate + Self.switchoverMilliseconds
    }
}
