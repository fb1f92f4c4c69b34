import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import Replay
import Telemetry
import Testing

/// Small fleets with loads that are functions of time, for tests of the rules around the planner.
enum Worlds {
    static let start = Timestamp(seconds: 1_700_006_400)

    /// `use` gives thousandths of a CPU of a domain at a moment, in milliseconds from the start.
    static func world(
        hosts: Int = 3, cpus: Int = 4, placement: [Int], intervals: Int,
        intervalMilliseconds: Int64 = 60_000, events: [ReplayEvent] = [],
        use: (Int, Int64) -> Int64
    ) -> ReplayWorld {
        let names = (1...hosts).map { HostName("host\($0)") }
        let machines = names.map { name in
            Host(
                name: name,
                facts: HostFacts(
                    uuid: "uuid-\(name)", hostname: name.rawValue,
                    cpu: HostCPU(architecture: "x86_64", logicalCPUs: cpus),
                    memory: .gibibytes(64),
                    guestSupport: [
                        GuestSupport(
                            virtualization: "kvm", architecture: "x86_64", emulator: "qemu",
                            machineTypes: ["pc"])
                    ]))
        }
        let domains = placement.enumerated().map { number, host in
            Domain(
                facts: DomainFacts(
                    id: DomainID("id-\(number + 1)"), name: "vm\(number + 1)", vcpus: cpus,
                    memory: .gibibytes(2), guest: GuestPlatform(machineType: "pc"),
                    disks: [
                        Disk(target: "vda", source: .network(protocol: "rbd", name: "\(number)"))
                    ]), host: names[host], demand: .unknown)
        }
        var cpu: [Int32] = []
        for number in placement.indices {
            for interval in 0..<intervals {
                cpu.append(Int32(use(number, Int64(interval) * intervalMilliseconds)))
            }
        }
        return ReplayWorld(
            base: ClusterSnapshot(observedAt: start, hosts: machines, domains: domains),
            history: DemandHistory(
                start: start, intervalMilliseconds: intervalMilliseconds, intervals: intervals,
                domains: domains.map(\.id), cpu: cpu), events: events)
    }

    static func policy() -> Policy {
        var policy = Policy(name: "test")
        policy.reserve = Reserve(memory: .zero, cpu: .zero)
        policy.balance.measures = [.cpu]
        return policy
    }

    static let judge: Rebalancer.Judge = { plan, snapshot, policy in
        let violations = PlanChecker.check(plan, on: snapshot, under: policy)
        #expect(violations.isEmpty)
        return violations.isEmpty
    }

    /// Plays it under the rebalancer and gives the replay with its memory.
    static func play(
        _ world: ReplayWorld, _ policy: Policy, memory start: RebalanceState = RebalanceState()
    ) -> (replay: Replay, memory: RebalanceState) {
        var memory = start
        var replay = Replay(world, keepsTrack: true)
        let rebalancer = Rebalancer(
            policy, effort: SearchEffort(trialsPerLevel: 20, explainsConflicts: false),
            accepts: Self.judge)
        replay.run { moment in
            let loads = moment.hostLoads(moment.latest)
            var promised: [Int: Int64] = [:]
            for (domain, host) in moment.placement.enumerated() {
                if let host {
                    promised[host, default: 0] += moment.domains[domain].facts.memory.count
                }
            }
            let look = RebalanceObservation(
                at: moment.now,
                hosts: moment.hosts.indices.map {
                    RebalanceObservation.HostNow(
                        name: moment.hosts[$0].name, isUnreachable: moment.isUnreachable[$0],
                        cpu: loads[$0] * 10_000 / moment.capacity($0),
                        memory: promised[$0, default: 0]
                            / max(1, (moment.hosts[$0].facts?.memory.count ?? 0) / 10_000))
                },
                places: moment.placement.enumerated().compactMap { domain, host in
                    host.map { (moment.domains[domain].id, moment.hosts[$0].name) }
                }, under: policy)
            guard
                case .plan(let plan, _) = rebalancer.decide(
                    look, &memory, snapshot: { moment.snapshot(under: policy.demand) })
            else { return [] }
            return plan.steps.map { ReplayOrder($0) }
        }
        return (replay, memory)
    }
}
