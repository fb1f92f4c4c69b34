import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// What stands against a drain of host1 when there is only host2 to go to.
@Suite struct BlockerTests {
    typealias Change = @Sendable (inout ClusterBuilder) -> Void

    /// One thing wrong, and the word that scripts find it by.
    struct Trouble: Sendable, CustomTestStringConvertible {
        var reason: Blocker.Reason
        var change: Change
        var testDescription: String { reason.rawValue }
    }

    static let troubles: [Trouble] = [
        Trouble(reason: .localStorage) {
            $0.domains[0].facts.disks = [
                Disk(target: "vda", source: .file(path: "/var/lib/libvirt/images/web.qcow2"))
            ]
        },
        Trouble(reason: .localStorage) { $0.hosts[1].facts?.pools[1].identity = "netfs:nfs:other" },
        Trouble(reason: .localStorage) { $0.hosts[1].facts?.pools[1].identity = nil },
        Trouble(reason: .storageUnknown) { $0.hosts[1].facts?.pools = [ClusterBuilder.local] },
        Trouble(reason: .storageUnknown) {
            $0.domains[0].facts.disks = [Disk(target: "vda", source: .file(path: "/opt/web.img"))]
        },
        Trouble(reason: .storageUnknown) {
            $0.domains[0].facts.disks = [Disk(target: "vda", source: .block(path: "/dev/vg/web"))]
        },
        Trouble(reason: .localStorage) {
            $0.domains[0].facts.disks = [
                Disk(target: "vda", source: .volume(pool: "default", volume: "web"))
            ]
        },
        Trouble(reason: .localStorage) {
            // The inner pool hides the shared one that it lies in.
            $0.hosts[0].facts?.pools.append(
                StoragePool(name: "inner", type: "dir", targetPath: "/shared/local/"))
            $0.domains[0].facts.disks = [
                Disk(target: "sda", source: .file(path: "/shared/local/cd.iso"), device: "cdrom")
            ]
        },
        Trouble(reason: .network) { $0.domains[0].facts.interfaces = [.network("only-here")] },
        Trouble(reason: .network) { $0.domains[0].facts.interfaces = [.bridge("br9")] },
        Trouble(reason: .cpuModel) {
            $0.domains[0].facts.guest.cpu = GuestCPU(mode: "custom", model: "EPYC")
        },
        Trouble(reason: .cpuModel) {
            $0.domains[0].facts.guest.cpu = GuestCPU(mode: "host-passthrough")
            $0.hosts[1].facts?.cpu.model = "Haswell"
        },
        Trouble(reason: .cpuModel) {
            $0.domains[0].facts.guest.cpu = GuestCPU(
                mode: "custom", model: "Haswell", requiredFeatures: ["avx512f"])
            $0.hosts[1].facts?.cpu.features = ["vmx"]
        },
        Trouble(reason: .machineType) { $0.domains[0].facts.guest.machineType = "pc-q35-9.0" },
        Trouble(reason: .architecture) { $0.domains[0].facts.guest.architecture = "s390x" },
        Trouble(reason: .security) { $0.hosts[1].facts?.securityModel = "apparmor/0" },
        Trouble(reason: .numa) {
            $0.domains[0].facts.numa = NUMABinding(isStrict: true, cells: [1])
        },
        Trouble(reason: .hugePages) {
            $0.domains[0].facts.hugePages = HugePageDemand(pageSize: .mebibytes(2), pages: 4)
        },
        Trouble(reason: .memory) { $0.domains[0].facts.memory = .gibibytes(20) },
        Trouble(reason: .sameHostUUID) { $0.hosts[1].facts?.uuid = "uuid-of-host1" },
        Trouble(reason: .maintenance) { $0.hosts[1].inMaintenance = true },
        Trouble(reason: .unreachable) { $0.hosts[1].fault = "connection refused" },
        Trouble(reason: .unreachable) { $0.hosts[0].fault = "connection refused" },
        Trouble(reason: .pinned) { $0.domains[0].facts.isPinned = true },
        Trouble(reason: .excluded) { $0.domains[0].facts.isExcluded = true },
        Trouble(reason: .state) { $0.domains[0].facts.state = .shuttingDown },
        Trouble(reason: .busy) {
            $0.inFlight = [MigrationInFlight(domain: "id-of-web", source: "host1")]
        },
        Trouble(reason: .hostDevice) {
            $0.domains[0].facts.blockers = [
                Blocker(reason: .hostDevice, detail: "PCI device", remedy: "detach it")
            ]
        },
    ]

    private func cluster() -> ClusterBuilder {
        var cluster = ClusterBuilder()
        cluster.host("host1")
        cluster.host("host2")
        cluster.domain("web", on: "host1")
        return cluster
    }

    @Test func `without trouble it leaves`() {
        let plan = Planner.plan(
            .drain(["host1"]), from: cluster().snapshot, under: .default, seed: 1)
        #expect(plan.outcome == .plan)
    }

    @Test(arguments: troubles) func `trouble is told by reason, detail and remedy`(
        trouble: Trouble
    ) throws {
        var cluster = cluster()
        trouble.change(&cluster)
        let plan = Planner.plan(.drain(["host1"]), from: cluster.snapshot, under: .default, seed: 1)
        #expect(plan.outcome == .infeasible)
        let blocker = try #require(plan.blockers.first { $0.domain == "web" })
        #expect(blocker.reason == trouble.reason, "\(blocker)")
        #expect(!blocker.detail.isEmpty && !blocker.remedy.isEmpty)
    }

    /// The same step, written by hand: the judge has to see the trouble without the planner.
    @Test(arguments: troubles) func `the judge sees the same trouble`(trouble: Trouble) {
        var cluster = cluster()
        trouble.change(&cluster)
        var plan = MigrationPlan(
            kind: .drain, hosts: ["host1"], outcome: .plan,
            origin: MigrationPlan.Origin(digest: "", observedAt: cluster.snapshot.observedAt))
        plan.steps = [
            Step(
                id: 1, domainName: "web",
                move: Move(domain: "id-of-web", source: "host1", target: "host2"))
        ]
        #expect(!PlanChecker.check(plan, on: cluster.snapshot, under: .default).isEmpty)
    }

    @Test func `the operator's word makes a path shared`() {
        var cluster = cluster()
        cluster.domains[0].facts.disks = [Disk(target: "vda", source: .file(path: "/opt/web.img"))]
        for (hosts, outcome) in [
            (nil, .plan), (["host1", "host2"], .plan), (["host1"], .infeasible),
        ] as [([HostName]?, MigrationPlan.Outcome)] {
            let policy = Policy.default.adding(sharedStorage: [
                SharedStorage(path: "/opt/", hosts: hosts)
            ])
            let plan = Planner.plan(
                .drain(["host1"]), from: cluster.snapshot, under: policy, seed: 1)
            #expect(plan.outcome == outcome)
            #expect(PlanChecker.check(plan, on: cluster.snapshot, under: policy) == [])
        }
    }

    @Test func `policy rules name themselves`() {
        let cluster = cluster()
        var ban = Policy()
        ban.ban = [HostRule(domains: ["w*"], hosts: ["host2"])]
        var fence = Policy()
        fence.fence = [HostRule(domains: ["web"], hosts: ["host1"])]
        var pin = Policy()
        pin.pin = ["web"]
        var exclude = Policy()
        exclude.exclude = ["w?b"]
        let expected: [(Policy, Blocker.Reason)] = [
            (ban, .ban), (fence, .ban), (pin, .pinned), (exclude, .excluded),
        ]
        for (policy, reason) in expected {
            let plan = Planner.plan(
                .drain(["host1"]), from: cluster.snapshot, under: policy, seed: 1)
            #expect(plan.blockers.map(\.reason) == [reason])
        }
        let failed = PlanRequest(
            .drain(["host1"], bestEffort: false), forbidden: [ForbiddenTarget("id-of-web", "host2")]
        )
        let plan = Planner.plan(failed, from: cluster.snapshot, under: .default, seed: 1)
        #expect(plan.blockers.map(\.reason) == [.ban])
    }

    @Test func `a host that is not in the fleet is no drain`() {
        let plan = Planner.plan(
            .drain(["hots1"]), from: cluster().snapshot, under: .default, seed: 1)
        #expect(plan.outcome == .infeasible)
        #expect(plan.blockers.map(\.host) == ["hots1"])
    }

    @Test func `what is on its way to the host that is drained is told`() throws {
        var cluster = cluster()
        cluster.host("host3")
        cluster.domain("late", on: "host3")
        cluster.inFlight = [
            MigrationInFlight(domain: "id-of-late", source: "host3", target: "host1")
        ]
        for hasResident in [true, false] {
            if !hasResident { cluster.domains.removeFirst() }
            let world = cluster.snapshot
            let plan = Planner.plan(.drain(["host1"]), from: world, under: .default, seed: 1)
            #expect(plan.outcome == .infeasible)
            #expect(plan.blockers.map(\.domain) == ["late"])
            #expect(plan.blockers.map(\.reason) == [.busy])
            #expect(plan.blockers.map(\.host) == ["host1"])
            let constraints = try #require(plan.conflict).constraints
            #expect(constraints.contains { $0.kind == "hold" && $0.detail.contains("late") })
            // The judge sees it by itself, in a plan and where there would be nothing to do.
            var blind = Planner.plan(
                .drain(["host1"], bestEffort: true), from: world, under: .default, seed: 1)
            blind.outcome = blind.steps.isEmpty ? .nothingToDo : .plan
            #expect(PlanChecker.check(blind, on: world, under: .default) == [])
            blind.blockers = []
            let found = PlanChecker.check(blind, on: world, under: .default)
            #expect(found.map(\.rule) == [.drain], "\(found)")
        }
        // The other end is no target that would be emptied.
        #expect(
            Planner.plan(.drain(["host2"]), from: cluster.snapshot, under: .default, seed: 1)
                .outcome == .nothingToDo)
    }
}
