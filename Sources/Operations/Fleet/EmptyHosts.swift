import ClusterModel
import Execution
import HypervisorInterface

extension FleetHosts {
    /// A drain that finds nothing to move ends like one that has moved all: only when no domain has
    /// a process there. A crashed guest whose QEMU was kept is none that a plan would move.
    func refuseOccupied(_ goal: PlanGoal) async throws {
        guard case .drain(let hosts, _) = goal else { return }
        for inspector in inspectors where hosts.contains(inspector.host) {
            let guests = try await inspector.guests().sorted()
            guard !guests.isEmpty else { continue }
            let names = guests.map { "'\($0)'" }.joined(separator: ", ")
            throw CommandError(
                "\(inspector.host) is in maintenance and not empty: \(names) cannot be moved and "
                    + "has a process there; check it (virsh list --all), then end it or "
                    + "drain again",
                exit: .failed)
        }
    }
}
