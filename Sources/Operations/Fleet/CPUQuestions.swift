import ClusterModel
import HypervisorInterface
import Telemetry

/// Asks the hosts which of the fleet's guest CPUs they can give: each kind of host once about each
/// kind of CPU, and never again while that kind of host stays as it is.
enum CPUQuestions {
    /// The readings with answers in the facts of their hosts. `known` are the last observations:
    /// what a kind of host said then, it would say again.
    static func asked(
        _ readings: [HostReading], of inspectors: [any HostInspector],
        known: [HostObservation]
    ) async -> [HostReading] {
        let inventories = readings.compactMap { try? $0.result.get() }
        var cpus: [String: String] = [:]
        for inventory in inventories { cpus.merge(inventory.guestCPUs) { one, _ in one } }
        guard !cpus.isEmpty else { return readings }
        var answers: [CPUAnswerBasis: [String: CPUAnswer]] = [:]
        for facts in known.map(\.facts) {
            for answer in facts.cpuAnswers ?? [] where cpus[answer.kind] != nil {
                answers[CPUAnswerBasis(facts), default: [:]][answer.kind] = answer
            }
        }
        var askers: [CPUAnswerBasis: HostName] = [:]
        for inventory in inventories where askers[CPUAnswerBasis(inventory.facts)] == nil {
            askers[CPUAnswerBasis(inventory.facts)] = inventory.host
        }
        await withTaskGroup(of: (CPUAnswerBasis, [CPUAnswer]).self) { group in
            for (kind, name) in askers {
                let open = cpus.filter { answers[kind]?[$0.key] == nil }
                guard !open.isEmpty,
                    let inspector = inspectors.first(where: { $0.host == name })
                else { continue }
                group.addTask {
                    // Without an answer, what the host tells of its CPU decides.
                    (kind, (try? await inspector.compare(open)) ?? [])
                }
            }
            for await (kind, found) in group {
                for answer in found { answers[kind, default: [:]][answer.kind] = answer }
            }
        }
        return readings.map { reading in
            guard var inventory = try? reading.result.get(),
                let own = answers[CPUAnswerBasis(inventory.facts)], !own.isEmpty
            else { return reading }
            inventory.facts.cpuAnswers = own.values.sorted { $0.kind < $1.kind }
            return HostReading(host: reading.host, result: .success(inventory))
        }
    }
}
