import ClusterModel
import Execution
import HypervisorInterface

extension FleetHosts {
    /// A drain that finds nothing to move ends like one that has moved all: only when no domain has
    /// a process there. A crashed guest whose QEMU was kept is none that a plan would move.
    /// Who was left out of the drain may be there.
    func refuseOccupied(_ plan: MigrationPlan) async throws {
        guard plan.kind == .drain else { return }
        for inspector in inspectors where plan.hosts.contains(inspector.host) {
            let excepted = plan.wishes.except.filter { $0.host == inspector.host }.map(\.name)
            let guests = try await inspector.guests().filter { !excepted.contains($0) }.sorted()
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
