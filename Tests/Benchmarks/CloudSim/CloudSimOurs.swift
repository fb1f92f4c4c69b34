import ClusterModel
import PlacementPolicy
import Planning
import Replay
import Telemetry

/// Our rebalancer in CloudSim's world: it sees hosts, where guests are and what they used so far,
/// as the timer would, and answers with migrations.
struct CloudSimOurs {
    let policy: Policy
    private var memory = RebalanceState()
    private let effort: SearchEffort
    /// Empty hosts that are offered beside those in use; of 800 there are always enough.
    private static let spare = 40
    /// One MIPS in thousandths of a CPU: whole CPUs come out for both kinds of hosts.
    private static let unit = 50.0

    init(_ policy: Policy, trials: Int = 200) {
        self.policy = policy
        effort = SearchEffort(trialsPerLevel: trials, explainsConflicts: false)
    }

    /// For CloudSim's set-up: it has no memory to run out of, all it counts is CPU.
    static func policy(
        percentile: Int, windowSeconds: Int64, fill: Int64, most: Int64, restSeconds: Int64,
        emptyAfterSeconds: Int64
    ) -> Policy {
        var policy = Policy(name: "cloudsim")
        policy.reserve = Reserve(memory: .zero, cpu: .zero)
        policy.perDomainOverhead = .zero
        policy.demand = DemandWindow(
            windowSeconds: windowSeconds, percentile: percentile, slots: 1)
        policy.limits = MigrationLimits(perHost: 64, fleet: 10_000)
        policy.balance.measures = [.cpu]
        policy.balance.cpuLimit = most
        policy.consolidate.cpuLimit = fill
        policy.consolidate.memoryLimit = 10_000
        policy.rebalance.aim = .consolidate
        policy.rebalance.held = 1
        policy.rebalance.looks = 1
        policy.rebalance.restSeconds = restSeconds
        policy.rebalance.restAtMostSeconds = 4 * restSeconds
        policy.rebalance.emptyAfterSeconds = emptyAfterSeconds
        return policy
    }

    mutating func decide(_ world: inout CloudSimWorld) -> [CloudSimWorld.Relocation] {
        let hosts = offered(world)
        let now = Timestamp(milliseconds: Int64((world.time * 1000).rounded()))
        let names = hosts.map(Self.name)
        var places: [(DomainID, HostName)] = []
        for (name, host) in zip(names, hosts) {
            for guest in world.hosts[host].guests { places.append((Self.id(guest), name)) }
        }
        let look = RebalanceObservation(
            at: now,
            hosts: zip(names, hosts).map { name, host in
                let asked = world.hosts[host].guests.reduce(0.0) {
                    $0 + world.guests[$1].demand
                }
                return RebalanceObservation.HostNow(
                    name: name, cpu: Int64(asked / world.hosts[host].total * 10_000))
            }, places: places, under: policy)
        let seen = world
        let decision = Rebalancer(policy, effort: effort, accepts: OurRule.judge).decide(
            look, &memory
        ) {
            Self.snapshot(seen, hosts, now, policy)
        }
        guard case .plan(let plan, _) = decision else { return [] }
        var target: [Int: Int] = [:]
        for step in plan.steps {
            guard let guest = Int(step.move.domain.rawValue.dropFirst(3)),
                let host = Int(step.move.target.rawValue.dropFirst(4))
            else { continue }
            target[guest] = host
        }
        return target.sorted { $0.key < $1.key }.map { .init(guest: $0.key, target: $0.value) }
    }

    private static func name(_ host: Int) -> HostName { HostName("host\(host)") }
    private static func id(_ guest: Int) -> DomainID { DomainID("id-\(guest)") }

    /// Hosts in use and some empty ones, those that give most for their power first.
    private func offered(_ world: CloudSimWorld) -> [Int] {
        let used = world.hosts.indices.filter { !world.hosts[$0].guests.isEmpty }
        let empty = world.hosts.indices.filter { world.hosts[$0].guests.isEmpty }.sorted {
            let left = world.hosts[$0].total / world.hosts[$0].watts[10]
            let right = world.hosts[$1].total / world.hosts[$1].watts[10]
            return (right, $0) < (left, $1)
        }
        return (used + empty.prefix(Self.spare)).sorted()
    }

    private static func snapshot(
        _ world: CloudSimWorld, _ hosts: [Int], _ now: Timestamp, _ policy: Policy
    ) -> ClusterSnapshot {
        let window = SampleWindow(policy.demand, endingAt: now)
        let interval = Int(world.time / 300)
        let count = Int(policy.demand.windowSeconds / 300)
        var domains: [Domain] = []
        for host in hosts {
            for guest in world.hosts[host].guests {
                let machine = world.guests[guest]
                var series = SlotSeries(window)
                for step in max(0, interval - count + 1)...interval {
                    let use = machine.trace[step] * machine.mips * unit
                    series.add(
                        Int64(use.rounded()),
                        at: now.advanced(byMilliseconds: Int64(step - interval) * 300_000))
                }
                domains.append(
                    Domain(
                        facts: DomainFacts(
                            id: id(guest), name: "vm\(guest)", vcpus: 1,
                            memory: .mebibytes(Int64(machine.ram)),
                            guest: GuestPlatform(machineType: "pc"),
                            disks: [
                                Disk(
                                    target: "vda",
                                    source: .network(protocol: "rbd", name: "vm\(guest)"))
                            ]),
                        host: name(host), demand: series.demand()))
            }
        }
        return ClusterSnapshot(
            observedAt: now, hosts: hosts.map { self.host($0, world) }, domains: domains,
            demandSlots: policy.demand.slots)
    }

    private static func host(_ number: Int, _ world: CloudSimWorld) -> Host {
        Host(
            name: name(number), linkMbps: 500,
            facts: HostFacts(
                uuid: "uuid-\(number)", hostname: "host\(number)",
                cpu: HostCPU(
                    architecture: "x86_64",
                    logicalCPUs: Int(world.hosts[number].total * unit / 1000)),
                memory: .gibibytes(1024),
                guestSupport: [
                    GuestSupport(
                        virtualization: "kvm", architecture: "x86_64", emulator: "qemu",
                        machineTypes: ["pc"])
                ]))
    }
}
