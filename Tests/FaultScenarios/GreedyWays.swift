import ClusterModel
import Simulation

/// How the simple planner moves a domain: as the real one, nothing cold that is not named, and
/// local disks only where they may be copied.
struct GreedyWays {
    let options: MigrationOptions
    /// It does not know what a cold move would lose: the step itself must refuse.
    var ignoresLosses = false

    /// What of a step depends on its domain.
    struct Way: Hashable {
        var mode: Step.Mode
        var copies: [String] = []
        var isShutOff = false
    }

    /// nil where it cannot move.
    func way(of copy: SimulatedDomain, on host: SimulatedHost?) -> Way? {
        let local = localDisks(of: copy, on: host)
        let isCold = names(options.offline, copy) && copy.facts.isPersistent
        if !copy.isActive {
            guard isCold, losesNothing(copy) else { return nil }
            return Way(mode: .offline, copies: local, isShutOff: true)
        }
        let isLivePossible = local.isEmpty || names(options.copyStorageAll, copy)
        if isCold, copy.presence == .running, losesNothing(copy),
            options.prefersLive != true || !isLivePossible
        {
            return Way(mode: .offline, copies: local)
        }
        guard isLivePossible else { return nil }
        return Way(mode: local.isEmpty ? .live : .storage, copies: local)
    }

    private func losesNothing(_ copy: SimulatedDomain) -> Bool {
        ignoresLosses || copy.facts.coldBlockers?.isEmpty != false
    }

    private func names(_ list: [String]?, _ copy: SimulatedDomain) -> Bool {
        (list ?? []).contains { $0 == "*" || $0 == copy.facts.name }
    }

    /// Disks on a pool that no other host has.
    private func localDisks(of copy: SimulatedDomain, on host: SimulatedHost?) -> [String] {
        copy.facts.disks.filter { disk in
            guard case .file(let path) = disk.source, !disk.isReadOnly else { return false }
            let pool = host?.facts.pools.first { pool in
                pool.targetPath.map { path.hasPrefix($0 + "/") } ?? false
            }
            return pool?.identity == nil
        }.map(\.target)
    }
}
