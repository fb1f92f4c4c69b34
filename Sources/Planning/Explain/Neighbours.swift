import ClusterModel
import PlacementPolicy

/// What a guest meets among those that are on its target in the end, and what it leaves behind: no
/// reason to stay, but worth knowing.
enum Neighbours {
    static func cautions(_ move: PlannedMove, in final: WorkingPlacement) -> [String] {
        let problem = final.problem
        return pins(move, in: final)
            + sharing(of: problem.domains[move.domain], on: problem.hosts[move.source])
    }

    /// libvirt copies pins as they are: two guests may then wait for one CPU beside idle ones.
    private static func pins(_ move: PlannedMove, in final: WorkingPlacement) -> [String] {
        let problem = final.problem
        guard let own = problem.domains[move.domain].facts.pinnedCPUs.map(Set.init),
            final.host[move.domain] == move.target
        else { return [] }
        var met: [String] = []
        var cpus: Set<Int> = []
        for other in final.residents[move.target].sorted() where other != move.domain {
            guard let theirs = problem.domains[other].facts.pinnedCPUs else { continue }
            let common = own.intersection(theirs)
            guard !common.isEmpty else { continue }
            met.append(problem.domains[other].name)
            cpus.formUnion(common)
        }
        guard !met.isEmpty else { return [] }
        let names = met.prefix(3).joined(separator: ", ")
        let more = met.count > 3 ? " and \(met.count - 3) more" : ""
        return [
            "it is pinned to CPUs that others on \(problem.hosts[move.target].name) are pinned to "
                + "(\(numbers(cpus)): \(names)\(more)); virsh vcpupin gives it others"
        ]
    }

    private static func numbers(_ cpus: Set<Int>) -> String {
        let sorted = cpus.sorted()
        return sorted.prefix(8).map(String.init).joined(separator: ", ")
            + (sorted.count > 8 ? "…" : "")
    }

    /// A share of its host's merged pages that is worth a word, in hundredths of all memory.
    private static let worthTelling: Int64 = 2

    /// Merged pages are sent whole, and are merged on the target only after a while, with what is
    /// there.
    private static func sharing(of domain: Domain, on host: Host) -> [String] {
        guard let facts = host.facts, let saved = facts.ksm?.saved, domain.facts.state.isActive,
            saved.count > facts.memory.count / 100 * worthTelling
        else { return [] }
        return [
            "\(host.name) saves \(saved) by merging equal pages of its guests (KSM): what of it is "
                + "this guest's takes memory of its own on the target"
        ]
    }
}
