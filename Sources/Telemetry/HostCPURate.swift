import ClusterModel

/// How busy a host was between two samples, in thousandths of all it has.
///
/// Both numbers come from the host, so that no clock of ours is in the quotient: a clock step can
/// not make a host look busy.
package enum HostCPURate: Hashable, Sendable {
    case busy(permille: Int64)
    /// The host was restarted, or its counters did not move.
    case restart
    case gap
    case clockStep

    package var permille: Int64? {
        guard case .busy(let permille) = self else { return nil }
        return permille
    }

    package init(
        from earlier: HostCPUCounters, to later: HostCPUCounters, over interval: SampleInterval
    ) {
        switch interval {
        case .gap: self = .gap
        case .clockStep: self = .clockStep
        case .usable:
            let busy = later.busy - earlier.busy
            // iowait may go back on a healthy kernel (proc(5)); then it counts as no time at all.
            let rest = later.idle - earlier.idle + max(0, later.iowait - earlier.iowait)
            guard busy >= 0, rest >= 0, busy + rest > 0 else {
                self = .restart
                return
            }
            // In microseconds, so that the product cannot overflow within 290 years of CPU time.
            self = .busy(permille: busy / 1000 * 1000 / max(1, (busy + rest) / 1000))
        }
    }
}
