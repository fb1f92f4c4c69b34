import Actuation
import ClusterModel
import HypervisorInterface
import Testing

/// What a lease on a host means, and whose machine answers.
struct HostLeaseTests {
    static let ours = ControllerIdentity(machine: "m1", database: "d1", place: "ops1")
    static let others = ControllerIdentity(machine: "m2", database: "d2", place: "ops2")
    private let start = Timestamp(seconds: 1_700_000_000)

    private func lease(
        _ holder: ControllerIdentity = HostLeaseTests.others, renewed seconds: Int64 = 0
    ) -> HostLease {
        HostLease(
            of: holder, purpose: "run 7, drain host1", since: start,
            renewedAt: start.advanced(byMilliseconds: seconds * 1000))
    }

    private func verdict(
        _ found: HostLease?, after seconds: Int64, watched: HostLease? = nil
    ) -> LeaseVerdict {
        LeaseVerdict(
            found, for: Self.ours, at: start.advanced(byMilliseconds: seconds * 1000),
            watched: watched)
    }

    @Test func whoeverRenewsItHoldsTheHost() {
        #expect(verdict(nil, after: 0) == .free)
        #expect(verdict(lease(), after: 0) == .held(lease()))
        #expect(verdict(lease(), after: 299) == .held(lease()))
    }

    @Test func ourOwnIsKnownAgainAfterACrash() {
        #expect(verdict(lease(Self.ours), after: 0) == .ours)
        #expect(verdict(lease(Self.ours), after: 86_400) == .ours)
        // Another database on this machine is another controller.
        var second = Self.ours
        second.database = "d2"
        #expect(verdict(lease(second), after: 0) == .held(lease(second)))
    }

    /// No clock is trusted: one that has run out is watched first.
    @Test func oneThatHasRunOutIsTakenOnlyWhenNobodyRenewsIt() {
        #expect(verdict(lease(), after: 300) == .lapsed(lease()))
        #expect(verdict(lease(), after: 390, watched: lease()) == .abandoned(lease()))
        let renewed = lease(renewed: 60)
        #expect(verdict(renewed, after: 390, watched: lease()) == .held(renewed))
        // Its holder's clock is an hour slow.
        let slow = lease(renewed: -3540)
        #expect(verdict(slow, after: 0, watched: lease(renewed: -3600)) == .held(slow))
        #expect(HostLease.watchMilliseconds > HostLease.renewalMilliseconds)
        #expect(HostLease.lengthMilliseconds > 2 * HostLease.watchMilliseconds)
    }

    @Test func itsTextComesBack() throws {
        let lease = lease()
        #expect(lease.text.hasPrefix("controller: ops2\npurpose: run 7, drain host1\n"))
        #expect(HostLease(id: lease.id, text: lease.text) == lease)
        let spelling = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/
        #expect(try spelling.wholeMatch(in: lease.id) != nil)
    }

    @Test(arguments: ["", "controller", "until: soon", String(repeating: "x", count: 100_000)])
    func whatSaysNothingToUsIsSomebodys(text: String) {
        let found = HostLease(id: "f", text: text)
        #expect(verdict(found, after: 1_000_000) == .held(found))
        #expect(found.purpose.count <= 200)
    }

    // MARK: Machines

    @Test func anotherMachineIsNotTheHost() throws {
        let host = KnownHost("host2")
        #expect(host.doubt("b") == nil)
        host.expect("")
        #expect(host.doubt("b") == nil)
        host.expect("A")
        host.expect("b")
        #expect(host.doubt("a") == nil)
        let doubt = try #require(host.doubt("b"))
        #expect(
            doubt.message
                == "host2's address leads to another machine: UUID a is expected, and b answers")
        #expect(
            doubt.remedy.contains("host_uuid = \"a\"") && doubt.remedy.contains("libvirtd.conf"))
        #expect(host.doubt("") != nil)
        #expect(HypervisorError(doubt, operation: "look").kind == .unreachable)
    }

    // MARK: Jobs

    @Test func onlyAMigrationThatLeavesIsEnded() {
        #expect(DomainJobKind.migrationOut.refusal == nil)
        for job in [DomainJobKind.idle, .migrationIn, .other("a backup")] {
            #expect(job.refusal != nil)
        }
        #expect(DomainJobKind.other("a backup").refusal?.contains("a backup") == true)
    }
}
