import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// A guest `web` on host1, which is to be drained, with other hosts that are like it but for what a
/// case changes.
struct GuestCase {
    var cluster = ClusterBuilder()
    var policy = Policy.default

    init(hosts: Int = 2) {
        for number in 1...hosts { cluster.host(HostName("host\(number)")) }
        cluster.domain("web", on: "host1")
        cluster.domains[0].facts.guest.cpu = GuestCPU(mode: "custom", model: "Haswell")
    }

    var guest: GuestPlatform {
        get { cluster.domains[0].facts.guest }
        set { cluster.domains[0].facts.guest = newValue }
    }

    /// By its number, from 1.
    mutating func change(host number: Int, _ change: (inout HostFacts) -> Void) {
        guard var facts = cluster.hosts[number - 1].facts else { return }
        change(&facts)
        cluster.hosts[number - 1].facts = facts
    }

    /// What the emulators of these hosts offer.
    mutating func offer(on hosts: [Int], _ change: (inout GuestOffer) -> Void) {
        var offer = GuestOffer()
        change(&offer)
        for host in hosts { self.change(host: host) { $0.guestSupport[0].offer = offer } }
    }

    /// The plan that empties host1, which the plan checker has accepted.
    func drained() -> MigrationPlan {
        let plan = Planner.plan(.drain(["host1"]), from: cluster.snapshot, under: policy, seed: 1)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: policy) == [])
        return plan
    }

    /// Where `web` goes; nil where it cannot go anywhere.
    var target: HostName? { drained().steps.first?.move.target }

    /// Why it cannot go to the only other host.
    func blocker() throws -> Blocker {
        let plan = drained()
        #expect(plan.outcome == .infeasible)
        return try #require(plan.blockers.first { $0.domain == "web" }, "\(plan.blockers)")
    }

    /// What the plan checker says of a step by hand.
    func complaints(to host: HostName = "host2", mode: Step.Mode = .live) -> [String] {
        var plan = MigrationPlan(
            kind: .drain, hosts: ["host1"], outcome: .plan,
            origin: MigrationPlan.Origin(of: cluster.snapshot))
        plan.steps = [
            Step(
                id: 1, domainName: "web",
                move: Move(domain: "id-of-web", source: "host1", target: host), mode: mode)
        ]
        return PlanChecker.check(plan, on: cluster.snapshot, under: policy)
            .filter { $0.rule == .compatibility }.map(\.description)
    }
}
