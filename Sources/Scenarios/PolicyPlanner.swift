package import ClusterModel
package import Execution
import HypervisorInterface
package import PlacementPolicy
import PlanChecking
package import Planning
package import Simulation
import Telemetry

/// The real planner with its judge, for virtual runs: looks at a simulated world as `kvmbalance`
/// looks at hosts, plans what is left of a run as `PlanService` does, and has each plan accepted.
package struct PolicyPlanner: Sendable {
    package let policy: Policy
    package let seed: UInt64
    /// How hosts were when they could last be read.
    private let known: SimulatedWorld

    package init(policy: Policy, seed: UInt64, start: SimulatedWorld) {
        self.policy = policy
        self.seed = seed
        known = start
    }

    package func replan(
        _ goal: RunGoal, _ exclusions: [Exclusion], _ state: RunState, _ world: SimulatedWorld
    ) -> (plan: MigrationPlan?, reason: String?) {
        var request: PlanRequest
        let kind: MigrationPlan.Kind
        switch goal {
        case .forward where state.original.kind == .drain:
            request = .drain(
                state.original.hosts, wishes: state.original.wishes,
                bestEffort: !state.original.blockers.isEmpty)
            request.stopped = state.stopped.map(\.guest.domain)
            kind = .drain
        case .forward where state.original.kind == .move:
            request = .move(
                state.original.wishes, bestEffort: !state.original.blockers.isEmpty)
            kind = .move
        case .forward:
            request = .moves(state.unfinished, bestEffort: true)
            request.starts = state.unstarted
            kind = state.original.kind
        case .rollback, .abort:
            request = .moves(state.displacements.map(\.inverse), bestEffort: true)
            request.starts = state.stopped.map(\.guest)
            kind = .rollback
        }
        request.forbidden = exclusions.flatMap { exclusion in
            (exclusion.target.map { [$0] } ?? world.hosts.map(\.name)).map {
                ForbiddenTarget(exclusion.domain, $0)
            }
        }
        return plan(request, kind, state.original.hosts, world)
    }

    /// nil with the judge's words when it refuses the plan: a bug of the planner.
    package func plan(
        _ request: PlanRequest, _ kind: MigrationPlan.Kind, _ hosts: [HostName],
        _ world: SimulatedWorld
    ) -> (plan: MigrationPlan?, reason: String?) {
        let drained = kind == .drain ? hosts : []
        let snapshot = snapshot(of: world, maintenance: world.closed.union(drained))
        var plan = Planner.plan(request, from: snapshot, under: policy, seed: seed)
        plan.limits = policy.limits
        let violations = PlanChecker.check(plan, on: snapshot, under: policy)
        guard violations.isEmpty else { return (nil, "REFUSED BY THE JUDGE: \(violations)") }
        return (plan, nil)
    }

    package func snapshot(
        of world: SimulatedWorld, maintenance: Set<HostName> = []
    ) -> ClusterSnapshot {
        var reports: [HostReport] = []
        for host in world.hosts {
            let settings = Host(name: host.name, linkMbps: host.linkMbps)
            do throws(HypervisorError) {
                let observation = HostObservation(read: try inventory(of: host.name, in: world))
                reports.append(HostReport(settings: settings, observation: observation))
            } catch {
                let old = try? known.inventory(of: host.name)
                reports.append(
                    HostReport(
                        settings: settings, observation: old.map(HostObservation.init(read:)),
                        fault: error.message))
            }
        }
        let builder = SnapshotBuilder(
            observedAt: world.now, maintenance: maintenance, measured: load(of: world))
        return policy.trusted(builder.build(from: reports).snapshot)
    }

    /// Of the host that was there at the start, and not of another machine.
    private func inventory(
        of host: HostName, in world: SimulatedWorld
    ) throws(HypervisorError) -> HostInventory {
        let found = try world.inventory(of: host)
        if let expected = known.host(host)?.facts.uuid, expected != found.facts.uuid {
            let doubt = MachineDoubt(host: host, expected: expected, found: found.facts.uuid)
            throw HypervisorError(doubt, operation: "read inventory")
        }
        return found
    }

    /// As if it had been sampled for long: the mean of every guest.
    private func load(of world: SimulatedWorld) -> MeasuredLoad {
        var load = MeasuredLoad(
            window: SampleWindow(
                endingAt: world.now, lengthMilliseconds: 3_600_000, slots: 1, percentile: 95))
        for copy in world.hosts.flatMap(\.domains) where copy.isActive {
            load.domains[copy.id] = Demand(cpu: [copy.cpu], samples: 60, newestSample: world.now)
            load.singleDirtyRates[copy.id] = copy.dirtyRate
        }
        return load
    }
}

extension HostObservation {
    fileprivate init(read inventory: HostInventory) {
        self.init(
            host: inventory.host, at: inventory.at, facts: inventory.facts,
            domains: inventory.domains, migratingOut: inventory.migratingOut,
            migratingIn: inventory.migratingIn)
    }
}

extension RunState {
    /// Moves of the plan that were not made.
    fileprivate var unfinished: [Move] {
        let done = Set(displacements.map(\.domain))
        return original.migrationSteps.map(\.move).filter { !done.contains($0.domain) }
    }

    /// Guests that the plan starts where they are, and that no step has started.
    fileprivate var unstarted: [StoppedGuest] {
        let started = Set(
            steps.filter { if case .done = $0.status { true } else { false } }
                .map(\.step.move.domain))
        return original.inPlaceSteps
            .filter { $0.mode.startsInPlace && !started.contains($0.move.domain) }
            .map {
                StoppedGuest($0.move.domain, on: $0.move.source, isSaved: $0.mode == .restore)
            }
    }
}

extension Move {
    package var inverse: Move { Move(domain: domain, source: target, target: source) }
}
