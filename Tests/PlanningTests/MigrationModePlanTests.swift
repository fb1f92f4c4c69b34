import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Domains that move with their disks, or cold, and only where the policy says so.
@Suite struct MigrationModePlanTests {
    static func world() -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2"] { cluster.host(HostName(name)) }
        cluster.domain("local", on: "host1", disk: "/var/lib/libvirt/images/local.qcow2")
        cluster.domain("shared", on: "host1")
        cluster.domains[0].facts.disks[0].allocation = .gibibytes(3)
        for index in cluster.hosts.indices {
            cluster.hosts[index].facts?.pools[0].available = .gibibytes(10)
        }
        return cluster
    }

    static func policy(_ migration: String = "live: true") throws -> Policy {
        var policy = try Policy(yaml: "name: x\nmigration: {\(migration)}\n")
        policy.reserve = Reserve(memory: .zero, cpu: .zero)
        return policy
    }

    private func plan(_ cluster: ClusterBuilder, _ migration: String) throws -> MigrationPlan {
        let policy = try Self.policy(migration)
        let plan = Planner.plan(.drain(["host1"]), from: cluster.snapshot, under: policy, seed: 1)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: policy) == [])
        return plan
    }

    private func modes(_ plan: MigrationPlan) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: plan.steps.map { ($0.domainName, $0.mode.rawValue) })
    }

    @Test func `a local disk is copied where the policy names its domain`() throws {
        #expect(try plan(Self.world(), "live: true").blockers.map(\.reason) == [.localStorage])
        #expect(try plan(Self.world(), "copy-storage-all: [other]").outcome == .infeasible)
        let copied = try plan(Self.world(), "copy-storage-all: [loc*]")
        #expect(modes(copied) == ["local": "storage", "shared": "live"])
        let step = try #require(copied.steps.first { $0.domainName == "local" })
        #expect(step.copies == ["vda"])
        #expect(step.estimate.transferred >= .gibibytes(3))
        #expect(step.cautions.contains { $0.contains("copies vda (3 GiB)") })
        // What is shared is never copied, though it may.
        #expect(modes(try plan(Self.world(), "copy-storage-all: true"))["shared"] == "live")
    }

    /// A shut-off domain over a base image: its disks are listed as those of one that runs.
    private static func layered(_ state: DomainState) -> ClusterBuilder {
        var cluster = world()
        cluster.domains[0].facts.state = state
        cluster.domains[0].facts.disks.append(
            Disk(
                target: "vda backing 1", source: .file(path: "/var/lib/libvirt/images/base.raw"),
                isReadOnly: true))
        return cluster
    }

    @Test(arguments: [DomainState.shutOff, .running])
    func `a cold move leaves no base image behind`(_ state: DomainState) throws {
        let refused = try plan(Self.layered(state), "offline: [local]")
        #expect(refused.steps.allSatisfy { $0.domainName != "local" })
        let blocker = try #require(refused.blockers.first { $0.domain == "local" })
        #expect(blocker.detail.contains("lies over a base image"))
        #expect(blocker.remedy.contains("--copy-storage-inc"))
        var found = try plan(
            Self.layered(state), "offline: [local], copy-storage-inc: [local]")
        let index = try #require(found.steps.firstIndex { $0.domainName == "local" })
        #expect(found.steps[index].mode == .offline && found.steps[index].copies == ["vda"])
        #expect(found.steps[index].copiesTopLayer)
        found.steps[index].copiesTopLayer = false
        let policy = try Self.policy("offline: [local], copy-storage-inc: [local]")
        let violations = PlanChecker.check(
            found, on: Self.layered(state).snapshot, under: policy)
        #expect(violations.contains { $0.detail.contains("to be copied without it") })
    }

    @Test func `what lies above a base image is copied where the policy lets just that be copied`()
        throws
    {
        var cluster = Self.world()
        cluster.domains[0].facts.disks.append(
            Disk(
                target: "vda backing 1", source: .file(path: "/var/lib/libvirt/images/base.raw"),
                isReadOnly: true))
        let copied = try plan(cluster, "copy-storage-inc: true")
        #expect(modes(copied) == ["local": "storage", "shared": "live"])
        #expect(copied.steps.first { $0.domainName == "local" }?.copies == ["vda"])
        #expect(copied.steps.map(\.copiesTopLayer) == copied.steps.map { $0.mode == .storage })
        // Some are copied whole and others above their base in one plan.
        var two = cluster
        two.domain("whole", on: "host1", disk: "/var/lib/libvirt/images/whole.qcow2")
        let mixed = "copy-storage-all: [whole], copy-storage-inc: [local]"
        var both = try plan(two, mixed)
        #expect(modes(both) == ["local": "storage", "shared": "live", "whole": "storage"])
        #expect(both.steps.filter(\.copiesTopLayer).map(\.domainName) == ["local"])
        for index in both.steps.indices where both.steps[index].mode == .storage {
            both.steps[index].copiesTopLayer.toggle()
            let violations = PlanChecker.check(
                both, on: two.snapshot, under: try Self.policy(mixed))
            #expect(violations.contains { "\($0)".contains("are to be copied") })
            both.steps[index].copiesTopLayer.toggle()
        }
        // The base stays where it is: with all of it copied, or cold, it would be missing.
        for migration in ["live: true", "copy-storage-all: true", "offline: true"] {
            let blocker = try #require(try plan(cluster, migration).blockers.first)
            #expect(blocker.detail.hasSuffix("local, and lies over a base image"), "\(migration)")
            #expect(blocker.remedy.contains("--copy-storage-inc"))
        }
        let whole = try plan(Self.world(), "copy-storage-inc: true").blockers
        #expect(whole.first?.remedy.contains("--copy-storage-all") == true)
        // Nor is there anything to compare it with where the target has no such pool.
        cluster.hosts[1].facts?.pools[0].name = "other"
        #expect(try plan(cluster, "copy-storage-inc: true").outcome == .infeasible)
    }

    @Test func `a cold move takes as long as guests need to shut down`() throws {
        var cluster = Self.world()
        cluster.domain("off", on: "host1", state: .shutOff)
        let policy = try Self.policy("offline: true")
        func estimates(_ cold: TransferFit?) throws -> [String: StepEstimate] {
            var snapshot = cluster.snapshot
            snapshot.calibration = TransferCalibration(cold: cold)
            let plan = Planner.plan(.drain(["host1"]), from: snapshot, under: policy, seed: 1)
            return Dictionary(uniqueKeysWithValues: plan.steps.map { ($0.domainName, $0.estimate) })
        }
        let assumed = try estimates(nil)
        let shared = try #require(assumed["shared"])
        #expect(shared.durationMilliseconds == 15_000 && shared.downtimeMilliseconds == 15_000)
        #expect(shared.prediction?.downtime == StepPrediction.Range(low: 5000, high: 45_000))
        // Disks of its own take their time too; what is off has nothing to shut down.
        let local = try #require(assumed["local"])
        #expect(local.durationMilliseconds > shared.durationMilliseconds + 1000)
        let off = try #require(assumed["off"])
        #expect(off.durationMilliseconds < 2000 && off.downtimeMilliseconds == 0)
        #expect(off.prediction?.downtime.high == 0)
        var learned = TransferFit.assumedCold
        learned.fixedMilliseconds = 5000
        #expect(try estimates(learned)["shared"]?.durationMilliseconds == 5000)
    }

    @Test func `compression threads are refused where QEMU has none any more`() throws {
        var cluster = Self.world()
        cluster.domains.removeFirst()
        #expect(try plan(cluster, "compressed: mt").steps.count == 1)
        for newer in cluster.hosts.indices {
            var mixed = cluster
            mixed.hosts[newer].facts?.hypervisorVersion = 9_001_000
            let refused = try plan(mixed, "compressed: mt")
            let whose = newer == 0 ? "the source's" : "its"
            #expect(
                refused.blockers.first?.detail
                    == "host2: \(whose) QEMU 9.1.0 has no compression threads: 9.1 removed them")
            #expect(try plan(mixed, "compressed: xbzrle").steps.count == 1)
            #expect(try plan(mixed, "compressed: mt, offline: true").steps.count == 1)
            // The judge knows it too.
            let old = try plan(cluster, "compressed: mt")
            let policy = try Self.policy("compressed: mt")
            #expect(!PlanChecker.check(old, on: mixed.snapshot, under: policy).isEmpty)
        }
    }

    @Test func `room in the target's pool counts, of all that come there`() throws {
        var cluster = Self.world()
        cluster.domain("second", on: "host1", disk: "/var/lib/libvirt/images/second.qcow2")
        cluster.domains[2].facts.disks[0].allocation = .gibibytes(8)
        let full = try plan(cluster, "copy-storage-all: true")
        #expect(full.outcome == .infeasible)
        #expect(full.blockers.contains { $0.detail.contains("pool 'default'") }, "\(full.blockers)")
        cluster.hosts[1].facts?.pools[0].available = .gibibytes(11)
        #expect(try plan(cluster, "copy-storage-all: true").outcome == .plan)
    }

    @Test func `a target without such a pool will not do`() throws {
        var cluster = Self.world()
        cluster.hosts[1].facts?.pools[0].targetPath = "/elsewhere"
        let refused = try plan(cluster, "copy-storage-all: true")
        #expect(refused.blockers.first?.detail.contains("no pool 'default'") == true)
    }

    @Test func `only what is named moves cold`() throws {
        #expect(
            modes(try plan(Self.world(), "offline: true"))
                == ["local": "offline", "shared": "offline"])
        #expect(
            modes(try plan(Self.world(), "offline: true, live: true"))
                == ["local": "offline", "shared": "live"])
        #expect(
            modes(try plan(Self.world(), "offline: true, live: true, copy-storage-all: true"))
                == ["local": "storage", "shared": "live"])
        #expect(modes(try plan(Self.world(), "offline: [local]"))["shared"] == "live")
    }

    @Test func `what only its running forbids moves cold`() throws {
        var cluster = Self.world()
        cluster.domains[1].facts.blockers = [
            Blocker(domain: "shared", reason: .security, detail: "SEV", remedy: "")
        ]
        #expect(modes(try plan(cluster, "offline: true, live: true"))["shared"] == "offline")
        cluster.domains[1].facts.blockers[0].reason = .hostDevice
        #expect(try plan(cluster, "offline: true, live: true").outcome == .infeasible)
    }

    @Test func `a domain that does not run takes its definition along where that is allowed`()
        throws
    {
        var cluster = Self.world()
        cluster.domain("off", on: "host1", memory: .gibibytes(600), state: .shutOff)
        #expect(modes(try plan(cluster, "copy-storage-all: true"))["off"] == nil)
        let moved = try plan(cluster, "offline: [off], copy-storage-all: true")
        #expect(modes(moved)["off"] == "offline")
        #expect(moved.steps.first { $0.domainName == "off" }?.isShutOff == true)
        cluster.domains[2].facts.hasManagedSave = true
        #expect(modes(try plan(cluster, "offline: [off], copy-storage-all: true"))["off"] == nil)
    }

    @Test func `the judge finds a way that is not allowed`() throws {
        let cluster = Self.world()
        let allowed = try Self.policy("copy-storage-all: [local], offline: [local], live: true")
        let good = Planner.plan(.drain(["host1"]), from: cluster.snapshot, under: allowed, seed: 1)
        #expect(PlanChecker.check(good, on: cluster.snapshot, under: allowed) == [])
        let index = try #require(good.steps.firstIndex { $0.mode == .storage })
        let other = try #require(good.steps.firstIndex { $0.mode == .live })
        func rules(_ policy: Policy? = nil, _ change: (inout MigrationPlan) -> Void) -> Int {
            var plan = good
            change(&plan)
            return PlanChecker.check(plan, on: cluster.snapshot, under: policy ?? allowed).count
        }
        #expect(rules { $0.steps[index].copies = [] } > 0)
        #expect(rules { $0.steps[index].mode = .live } > 0)
        #expect(rules { $0.steps[index].isShutOff = true } > 0)
        #expect(rules { $0.steps[other].mode = .offline } > 0)
        #expect(
            rules {
                $0.steps[other].mode = .storage
                $0.steps[other].copies = ["vda"]
            } > 0, "a shared disk would be copied over itself")
        #expect(rules(try Self.policy("offline: [local]")) { _ in } > 0)
        #expect(rules(try Self.policy()) { _ in } > 0)
        var narrow = cluster
        narrow.hosts[1].facts?.pools[0].available = .gibibytes(2)
        #expect(PlanChecker.check(good, on: narrow.snapshot, under: allowed).count > 0)
    }
}
