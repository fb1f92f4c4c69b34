import ClusterModel
import Execution
import Testing

/// How the next migration is driven, once the hosts' daemons could not reach each other.
struct RouteTests {
    private func driver(
        _ change: (inout MigrationOptions) -> Void = { _ in }
    ) -> MachineDriver {
        var plan = Example.plan([Example.step(1)], attempts: 3)
        change(&plan.options)
        return MachineDriver(plan)
    }

    private static let unreachable = StepFailure("no route", kind: .peerUnreachable)

    @Test func `the attempt after an unreachable peer is managed`() {
        var driver = driver()
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        #expect(driver.machine.route(from: "host1", to: "host2") == .peerToPeer)
        let told = driver.send(.migrationEnded(1, nil, failure: Self.unreachable))
        #expect(driver.machine.route(from: "host1", to: "host2") == .managed)
        // The other way round nothing is known.
        #expect(driver.machine.route(from: "host2", to: "host1") == .peerToPeer)
        #expect(told.words.contains("(managed)"))
    }

    @Test func `another failure changes nothing`() {
        var driver = driver()
        _ = driver.send(.begin)
        driver.migrate(1, error: "no route")
        #expect(driver.machine.route(from: "host1", to: "host2") == .peerToPeer)
    }

    @Test func `a route that was asked for is kept`() {
        for var driver in [driver { $0.tunnelled = true }, driver { $0.route = .peerToPeer }] {
            _ = driver.send(.begin)
            _ = driver.preflight(1)
            _ = driver.send(.migrationEnded(1, nil, failure: Self.unreachable))
            #expect(driver.machine.route(from: "host1", to: "host2") == .peerToPeer)
        }
        let managed = driver { $0.route = .managed }
        #expect(managed.machine.route(from: "host1", to: "host2") == .managed)
        #expect(managed.machine.route(from: "host2", to: "host1") == .managed)
    }

    @Test func `a post-copy that cannot be taken up peer to peer is managed next`() {
        var driver = driver()
        _ = driver.send(.begin)
        driver.migrate(1, error: "link lost")
        let broken = DomainSighting(.postcopyFailed)
        #expect(driver.verify(1, broken, broken).last == .settle(1, .resumePostcopy))
        _ = driver.send(.settled(1, .resumePostcopy, failure: Self.unreachable))
        #expect(driver.machine.route(from: "host1", to: "host2") == .managed)
    }
}
