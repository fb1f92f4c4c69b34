import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

@Suite struct RollingRebootTests {
    private func reboot(
        _ snapshot: ClusterSnapshot, _ policy: Policy = .default, hosts: [HostName]? = nil,
        bestEffort: Bool = false, seed: UInt64 = 1
    ) -> RollingReboot {
        let reboot = Planner.rollingReboot(
            hosts, bestEffort: bestEffort, from: snapshot, under: policy, seed: seed,
            effort: PlannerPropertyTests.effort)
        #expect(PlanChecker.check(reboot, on: snapshot, under: policy) == [], "seed \(seed)")
        return reboot
    }

    /// Hosts of 16 GiB with this many domains of 3 GiB, overhead apart.
    private func fleet(_ counts: [Int]) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for (index, count) in counts.enumerated() {
            let host = HostName("host\(index + 1)")
            cluster.host(host)
            for number in 0..<count {
                cluster.domain(
                    "vm\(index + 1)\(number)", on: host,
                    memory: .gibibytes(3) - .mebibytes(128))
            }
        }
        return cluster
    }

    private func end(_ reboot: RollingReboot, _ snapshot: ClusterSnapshot) -> ClusterSnapshot {
        reboot.rounds.reduce(snapshot) {
            $0.applying($1.away.moves).applying($1.back?.moves ?? [])
        }
    }

    @Test func `half-full hosts go in two rounds, and everything is at home in the end`() {
        let snapshot = fleet([2, 2, 2, 2]).snapshot
        let reboot = reboot(snapshot)
        #expect(reboot.rounds.map(\.hosts.count) == [2, 2])
        #expect(reboot.fewestRounds == 2)
        #expect(reboot.moves == 16)
        #expect(end(reboot, snapshot).domains == snapshot.domains)
    }

    @Test func `pools that do not tell their room, and pools without end, add up`() {
        for available in [nil, Plausible.storage] {
            var cluster = fleet([1, 1, 1, 1, 1])
            for index in cluster.domains.indices {
                cluster.domains[index].facts.disks = [
                    Disk(
                        target: "vda", source: .file(path: "/var/lib/libvirt/images/\(index).img"),
                        capacity: .gibibytes(1))
                ]
            }
            for host in cluster.hosts.indices {
                var local = ClusterBuilder.local
                local.available = available
                cluster.hosts[host].facts?.pools = [local]
            }
            var policy = Policy()
            policy.migration.copyStorageAll = ["*"]
            let reboot = reboot(cluster.snapshot, policy)
            #expect(reboot.outcome == .plan && reboot.moves > 0)
        }
    }

    @Test func `what stays where it was brought costs fewer moves`() {
        let snapshot = fleet([2, 2, 2, 2]).snapshot
        var policy = Policy()
        policy.reboot.bringBack = false
        let reboot = reboot(snapshot, policy)
        #expect(reboot.rounds.count == 2)
        #expect(reboot.rounds.allSatisfy { $0.back == nil })
        #expect(reboot.moves < 16)
    }

    @Test func `who stays away goes to hosts that are not rebooted any more`() {
        let snapshot = fleet([2, 2, 2, 2]).snapshot
        var policy = Policy()
        policy.reboot.bringBack = false
        policy.reboot.hostsPerRound = 1
        let reboot = reboot(snapshot, policy)
        #expect(reboot.rounds.count == 4 && reboot.fewestMoves == 8)
        // Only the guests of the first host land where they cannot stay.
        #expect(reboot.moves <= 10, "\(reboot.moves)")
        var turned: Set<HostName> = []
        for round in reboot.rounds {
            if !turned.isEmpty { #expect(Set(round.away.wishes.to).isSubset(of: turned)) }
            turned.formUnion(round.hosts)
        }
        // A host that is not to be rebooted at all takes everything.
        let part = self.reboot(snapshot, policy, hosts: ["host1", "host2"])
        #expect(part.moves == 4 && part.fewestMoves == 4)
    }

    @Test func `N+1 and the policy's size of a round are kept`() {
        let snapshot = fleet([2, 2, 2, 2]).snapshot
        var policy = Policy()
        policy.nPlusOne = .after
        #expect(reboot(snapshot, policy).rounds.count == 4)
        policy = Policy()
        policy.reboot.hostsPerRound = 1
        let one = reboot(snapshot, policy)
        #expect(one.rounds.count == 4 && one.fewestRounds == 4)
    }

    @Test func `empty hosts go first, and only those that were asked for`() {
        let snapshot = fleet([2, 2, 0, 0]).snapshot
        let reboot = reboot(snapshot, hosts: ["host2", "host3"])
        #expect(reboot.rounds.map(\.hosts) == [["host2", "host3"]])
        #expect(reboot.moves == 4)
    }

    @Test func `a host that cannot be emptied is named, and left out of a best effort`() {
        var cluster = fleet([2, 2, 2])
        cluster.domains[0].facts.blockers = [
            Blocker(reason: .hostDevice, detail: "it has a GPU", remedy: "shut it down")
        ]
        let refused = reboot(cluster.snapshot)
        #expect(refused.outcome == .infeasible && refused.rounds.isEmpty)
        #expect(refused.blockers.map(\.domain) == ["vm10"])
        let rest = reboot(cluster.snapshot, bestEffort: true)
        #expect(Set(rest.rounds.flatMap(\.hosts)) == ["host2", "host3"])
    }

    @Test func `a larger fleet is rebooted near the bound`() {
        var cluster = ClusterBuilder()
        for host in 1...24 {
            cluster.host(HostName("host\(host)"))
            for number in 1...5 {
                cluster.domain(
                    "vm\(host)-\(number)", on: HostName("host\(host)"), memory: .gibibytes(2))
            }
        }
        // 120 of them need 16 hosts, with more than this 17.
        var policy = Policy.default
        policy.perDomainOverhead = .mebibytes(128)
        let reboot = reboot(cluster.snapshot, policy)
        #expect(reboot.fewestRounds == 3)
        #expect(reboot.rounds.count <= 4)
    }

    @Test func `the judge accepts every schedule, in both ways, with and without N+1`() {
        var outcomes: [MigrationPlan.Outcome: Int] = [:]
        for seed in UInt64(1)...48 {
            let cluster =
                seed % 4 == 0
                ? RandomCluster.medium(seed: seed)
                : seed % 4 == 1
                    ? RandomCluster.troubled(seed: seed) : RandomCluster.small(seed: seed)
            var policy = PlannerPropertyTests.policy(seed)
            policy.nPlusOne = seed % 5 == 0 ? .after : .off
            policy.reboot.bringBack = seed % 2 == 0
            if seed % 3 == 0 { policy.reboot.hostsPerRound = 2 }
            let reboot = reboot(cluster.snapshot, policy, bestEffort: true, seed: seed)
            outcomes[reboot.outcome, default: 0] += 1
            #expect(reboot.rounds.count >= reboot.fewestRounds, "seed \(seed)")
        }
        #expect(outcomes[.plan, default: 0] > 25, "\(outcomes)")
    }

    /// Explaining is dear, and of a set of hosts that cannot be empty together nobody is told why.
    @Test func `what does not go together is not explained`() {
        var cluster = ClusterBuilder()
        for number in 1...4 {
            let host = HostName("host\(number)")
            cluster.host(host, memory: .gibibytes(32))
            for (index, size) in [9, 7, 5].enumerated() {
                cluster.domain("vm\(number)\(index)", on: host, memory: .gibibytes(Int64(size)))
            }
        }
        let world = cluster.snapshot
        func seconds(_ explains: Bool) -> Double {
            let effort = SearchEffort(
                trialsPerRound: 50, trialsPerRoundWhenSmall: 50, proposals: 0,
                explainsConflicts: explains)
            return ThreadTime.seconds {
                let reboot = Planner.rollingReboot(
                    from: world, under: .default, seed: 1, effort: effort)
                #expect(reboot.rounds.count == 4)
            }
        }
        let (without, with) = (seconds(false), seconds(true))
        #expect(with < 3 * without, "\(with) s where \(without) s do")
    }

    @Test func `the same input and seed give the same schedule`() {
        for seed in UInt64(1)...3 {
            let snapshot = RandomCluster.medium(seed: seed).snapshot
            let (one, other) = (
                reboot(snapshot, bestEffort: true, seed: seed),
                reboot(snapshot, bestEffort: true, seed: seed)
            )
            #expect(one == other)
        }
    }

    @Test func `a schedule that is broken in one place is refused`() {
        let snapshot = fleet([2, 2, 2, 2]).snapshot
        let good = reboot(snapshot)
        func rules(_ change: (inout RollingReboot) -> Void, _ policy: Policy = .default)
            -> Set<Violation.Rule>
        {
            var mutant = good
            change(&mutant)
            return Set(PlanChecker.check(mutant, on: snapshot, under: policy).map(\.rule))
        }
        #expect(rules { _ in } == [])
        #expect(rules { $0.rounds.removeLast() } == [.reboot])
        #expect(rules { $0.rounds[1] = $0.rounds[0] } == [.reboot])
        #expect(rules { $0.rounds[0].back = nil }.contains(.reboot))
        #expect(rules { $0.rounds[0].hosts.removeLast() }.contains(.reboot))
        #expect(rules { $0.rounds[0].away.steps.removeLast() }.contains(.drain))
        var tight = Policy()
        tight.reboot.hostsPerRound = 1
        #expect(rules({ _ in }, tight) == [.reboot])
        tight = Policy()
        tight.nPlusOne = .after
        #expect(rules({ _ in }, tight) == [.nPlusOne])
    }

    /// Only memory counts: sets that can be empty together are found by trying every assignment,
    /// and the best partition by trying every one.
    @Test func `small fleets take as few rounds as exhaustive search over partitions`() {
        var (cases, best, rounds) = (0, 0, 0)
        for seed in UInt64(1)...80 {
            var random = SeededGenerator(seed: seed)
            var cluster = ClusterBuilder()
            let hosts = random.int(3...6)
            for host in 1...hosts {
                cluster.host(
                    HostName("host\(host)"), memory: .gibibytes(Int64(random.int(8...16))))
            }
            for index in 0..<random.int(3...7) {
                cluster.domain(
                    "vm\(index)", on: HostName("host\(random.int(1...hosts))"),
                    memory: .gibibytes(Int64(random.int(1...6))) - .mebibytes(128))
            }
            let snapshot = cluster.snapshot
            let over = Asked(snapshot, snapshot.domains.map(\.host), .default).isOverLimits
            let feasible = Self.feasibleSets(snapshot)
            guard !over, let fewest = Self.fewestRounds(hosts, feasible) else { continue }
            let reboot = reboot(snapshot, seed: seed)
            #expect(reboot.outcome == .plan, "seed \(seed): \(reboot.blockers)")
            #expect(reboot.fewestRounds <= fewest, "seed \(seed)")
            #expect(reboot.rounds.count >= fewest, "seed \(seed)")
            cases += 1
            rounds += reboot.rounds.count
            if reboot.rounds.count == fewest { best += 1 }
        }
        #expect(cases > 30)
        // What is left are sets whose moves cannot be brought into an order.
        #expect(best * 100 >= cases * 95, "\(best) of \(cases)")
        print("rolling reboot: \(best) of \(cases) as few rounds as exhaustive, \(rounds) in all")
    }

    private static func feasibleSets(_ snapshot: ClusterSnapshot) -> Set<Int> {
        let names = snapshot.hosts.map(\.name)
        let limits = Dictionary(
            snapshot.hosts.map { ($0.name, Policy.default.usableMemory(of: $0)) },
            uniquingKeysWith: { one, _ in one })
        return Set(
            (1..<(1 << names.count)).filter { set in
                let up = names.indices.filter { set & (1 << $0) == 0 }.map { names[$0] }
                guard !up.isEmpty else { return snapshot.domains.isEmpty }
                let sizes = snapshot.domains.map { Policy.default.memoryDemand(of: $0.facts) }
                    .sorted(by: >)
                var room = up.map { limits[$0] ?? .zero }
                func packs(_ index: Int) -> Bool {
                    guard index < sizes.count else { return true }
                    for bin in room.indices where room[bin] >= sizes[index] {
                        room[bin] -= sizes[index]
                        if packs(index + 1) { return true }
                        room[bin] += sizes[index]
                    }
                    return false
                }
                return packs(0)
            })
    }

    private static func fewestRounds(_ hosts: Int, _ feasible: Set<Int>) -> Int? {
        /// Each host joins one of the rounds so far, or begins one.
        func extend(_ host: Int, _ rounds: [Int]) -> Int? {
            guard host < hosts else {
                return rounds.allSatisfy(feasible.contains) ? rounds.count : nil
            }
            var fewest = extend(host + 1, rounds + [1 << host])
            for index in rounds.indices {
                var joined = rounds
                joined[index] |= 1 << host
                if let other = extend(host + 1, joined) { fewest = min(fewest ?? other, other) }
            }
            return fewest
        }
        return extend(0, [])
    }
}
