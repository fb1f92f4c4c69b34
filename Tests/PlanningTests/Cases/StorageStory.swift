import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport

/// A drain of host1 as a person meets it: what the plan says of each guest, and whether the judge,
/// by its own hand, would let a guest go.
struct StorageStory {
    var cluster = ClusterBuilder()
    var policy = Policy.default

    init(hosts: Int = 2) {
        for number in 1...hosts { cluster.host(HostName("host\(number)")) }
    }

    mutating func guest(_ name: String, on host: HostName = "host1", _ disks: Disk...) {
        cluster.domain(name, on: host)
        cluster.domains[cluster.domains.count - 1].facts.disks = disks
    }

    /// Host numbers as people count: 1 for host1.
    subscript(_ host: Int) -> HostFacts {
        get {
            cluster.hosts[host - 1].facts ?? ClusterBuilder.facts("none", memory: .zero, cpus: 1)
        }
        set { cluster.hosts[host - 1].facts = newValue }
    }

    /// What `hosts check` found, a while before the plan.
    mutating func prove(_ path: String, _ identity: String, on host: Int, hoursAgo: Int64 = 2) {
        let now = cluster.snapshot.observedAt
        cluster.hosts[host - 1].observedAt = now
        cluster.hosts[host - 1].provenStorage =
            (cluster.hosts[host - 1].provenStorage ?? []) + [
                ProvenStorage(
                    path: path, identity: identity,
                    at: now.advanced(byMilliseconds: -hoursAgo * 3_600_000))
            ]
    }

    var plan: MigrationPlan {
        Planner.plan(
            .drain(["host1"], bestEffort: true), from: cluster.snapshot, under: policy, seed: 1)
    }

    /// Where the plan takes a guest, and how.
    func way(of guest: String) -> (target: HostName, mode: Step.Mode)? {
        plan.steps.first { $0.domainName == guest }.map { ($0.move.target, $0.mode) }
    }

    func blocker(of guest: String) -> Blocker? { plan.blockers.first { $0.domain == guest } }

    /// Would the judge let it go there, by a step that was written by hand?
    func isJudgedFine(
        _ guest: String, to target: HostName = "host2", _ mode: Step.Mode = .live,
        copies: [String] = []
    ) -> Bool {
        guard let domain = cluster.domains.first(where: { $0.name == guest }) else { return false }
        var step = Step(
            id: 1, domainName: guest,
            move: Move(domain: domain.id, source: domain.host, target: target), mode: mode)
        step.copies = copies
        step.isShutOff = !domain.facts.state.isActive
        var plan = MigrationPlan(
            kind: .drain, hosts: ["host1"], outcome: .plan,
            origin: MigrationPlan.Origin(digest: "", observedAt: cluster.snapshot.observedAt))
        plan.steps = [step]
        return !PlanChecker.check(plan, on: cluster.snapshot, under: policy).contains {
            $0.rule == .compatibility
        }
    }

    /// The plan that is made is accepted.
    var isAccepted: Bool {
        PlanChecker.check(plan, on: cluster.snapshot, under: policy).isEmpty
    }
}

extension Disk {
    static func file(_ path: String, as target: String = "vda") -> Disk {
        Disk(target: target, source: .file(path: path))
    }

    static func device(_ path: String, as target: String = "vda") -> Disk {
        Disk(target: target, source: .block(path: path), cache: "none")
    }

    static func medium(_ source: Disk.Source, _ device: String = "cdrom") -> Disk {
        Disk(
            target: device == "cdrom" ? "sda" : "fda", source: source, isReadOnly: true,
            device: device)
    }
}
