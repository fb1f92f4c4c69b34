package import ClusterModel
import Planning

/// What emptying one host would take as things are.
package struct DrainForecast: Sendable {
    package var host: HostName
    /// Domains that run there.
    package var guests: Int
    package var plan: MigrationPlan
}

extension PlanService {
    /// For each host that answers, alone. One look at the fleet, and a plan for each: minutes of a
    /// processor where there are very many hosts.
    package func drainForecasts() async throws -> [DrainForecast] {
        let snapshot = try await observe(.move([], bestEffort: false), naming: [])
        return try snapshot.hosts.filter(\.isReachable).map { host in
            DrainForecast(
                host: host.name,
                guests: snapshot.domains(on: host.name).count { $0.facts.state.isActive },
                plan: try judged(.drain([host.name]), snapshot))
        }
    }
}
