internal import CLibvirt
import ClusterModel
import Synchronization
import Telemetry

/// Which CPUs are in which NUMA cell, asked once, and the load of each cell, read on a budget.
///
/// libvirt gives the time of each CPU in a separate call: for hosts with several cells that is
/// done once a minute, and every sample of a host with one cell has its load for nothing.
final class CellTopology: Sendable {
    private struct State {
        /// Numbers of CPUs by cell; empty where the host does not tell, nil before it was asked.
        var cpus: [Int: [Int]]?
        var lastRead: ContinuousClock.Instant?
    }

    private static let period = Duration.seconds(60)
    private let state = Mutex(State())

    func addingLoad(
        to cells: [CellSample], whole: HostCPUCounters?, _ connection: ConnectionHandle
    ) -> [CellSample] {
        var cells = cells
        if cells.count == 1 {
            cells[0].cpu = whole
            return cells
        }
        guard cells.count > 1, isDue() else { return cells }
        let cpus = cpus(of: connection)
        for index in cells.indices {
            cells[index].cpu = Self.sum(cpus[cells[index].cell] ?? [], connection)
        }
        return cells
    }

    private func isDue() -> Bool {
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastRead, now - last < Self.period { return false }
            state.lastRead = now
            return true
        }
    }

    private func cpus(of connection: ConnectionHandle) -> [Int: [Int]] {
        if let known = state.withLock({ $0.cpus }) { return known }
        var found: [Int: [Int]] = [:]
        if let xml = try? ownedString(connection.use { virConnectGetCapabilities($0) }),
            let capabilities = try? CapabilitiesXMLReader.read(xml)
        {
            for cell in capabilities.cells { found[cell.id] = cell.cpus }
        }
        state.withLock { $0.cpus = found }
        return found
    }

    /// nil when any CPU is missing, such as one that was taken offline: a part is no sum.
    private static func sum(_ cpus: [Int], _ connection: ConnectionHandle) -> HostCPUCounters? {
        guard !cpus.isEmpty else { return nil }
        var counters: [HostCPUCounters] = []
        for cpu in cpus {
            guard let one = connection.cpuCounters(of: Int32(clamping: cpu)) else { return nil }
            counters.append(one)
        }
        return sum(counters)
    }

    /// nil when it is more than counters can be: each CPU alone may be within bounds.
    static func sum(_ counters: [HostCPUCounters]) -> HostCPUCounters? {
        var sum = HostCPUCounters(user: 0, system: 0, idle: 0, iowait: 0)
        for one in counters {
            for part in [
                \HostCPUCounters.user, \HostCPUCounters.system, \HostCPUCounters.idle,
                \HostCPUCounters.iowait,
            ] as [WritableKeyPath<HostCPUCounters, Int64>] {
                let (total, overflow) =
                    sum[keyPath: part].addingReportingOverflow(one[keyPath: part])
                guard !overflow, total < HostCPUCounters.mostPlausible else { return nil }
                sum[keyPath: part] = total
            }
        }
        return sum
    }
}
