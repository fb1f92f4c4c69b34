import Actuation
import ClusterModel
import Execution
import HypervisorInterface
import Synchronization
import Testing

/// How a run asks for its leases.
struct RunLeasesTests {
    private let start = Timestamp(seconds: 1_700_000_000)

    private func leases(
        _ keepers: [Keeper], told: Told = Told(),
        sleep: @escaping @Sendable (Int64) -> Void = { _ in }
    ) -> RunLeases {
        let connections = keepers.map { keeper in
            let host = FakeHost(keeper.host)
            var connection = host.connection
            connection.leases = keeper
            return (keeper.host, connection)
        }
        let now = start
        return RunLeases(
            Dictionary(uniqueKeysWithValues: connections), of: HostLeaseTests.ours, for: "drain",
            clock: WorldClock(now: { now }, sleep: { sleep($0) }), tell: { told.add($0) })
    }

    private func others(renewed seconds: Int64 = 0) -> HostLease {
        HostLease(
            of: HostLeaseTests.others, purpose: "run 7", since: start,
            renewedAt: start.advanced(byMilliseconds: seconds * 1000))
    }

    @Test func aFreeHostIsTakenAndGivenBack() async {
        let keeper = Keeper("host1")
        let leases = leases([keeper])
        #expect(await leases.take("host1") == .ours)
        #expect(keeper.lease()?.id == HostLeaseTests.ours.leaseID)
        #expect(await leases.take("host1") == .ours)
        await leases.release()
        #expect(keeper.lease() == nil)
    }

    @Test func anotherControllersHostIsLeftAlone() async throws {
        let (one, two) = (Keeper("host1"), Keeper("host2"))
        one.state.withLock { $0.lease = others() }
        let leases = leases([one, two])
        let held = await leases.take(["host1", "host2"])
        let words = try #require(held.first)
        #expect(held.count == 1)
        #expect(words.hasPrefix("host1: ops2 works there (run 7)"))
        #expect(words.contains("secret-undefine \(others().id)"))
        #expect(one.lease() == others())
        await leases.release(["host1"])
        #expect(one.lease() == others())
        #expect(two.lease() == nil)
    }

    @Test func theLeaseOfAKilledControllerIsTakenAfterAWatch() async {
        let keeper = Keeper("host1")
        keeper.state.withLock { $0.lease = others(renewed: -400) }
        let (told, slept) = (Told(), Told())
        let leases = leases([keeper], told: told) { slept.add("\($0)") }
        #expect(await leases.take("host1") == .ours)
        #expect(slept.lines == ["90000"])
        #expect(told.lines.first?.contains("watched for 90 s") == true)
    }

    @Test func oneThatIsRenewedMeanwhileIsNot() async {
        let keeper = Keeper("host1")
        keeper.state.withLock { $0.lease = others(renewed: -400) }
        let renewed = others(renewed: -340)
        let leases = leases([keeper]) { _ in keeper.state.withLock { $0.lease = renewed } }
        guard case .held = await leases.take("host1") else {
            Issue.record("it was taken from a controller that lives")
            return
        }
        #expect(keeper.lease() == renewed)
    }

    /// Whoever comes second in the same instant finds out.
    @Test func ofTwoAtTheSameMomentOneIsRefused() async {
        let keeper = Keeper("host1")
        let other = others()
        keeper.state.withLock { $0.comesBetween = other }
        guard case .held = await leases([keeper]).take("host1") else {
            Issue.record("both have it")
            return
        }
    }

    @Test func aHostThatCannotKeepOneIsACautionAndNoRefusal() async {
        for kind in [HypervisorError.Kind.unsupported, .denied, .failed] {
            let (keeper, told) = (Keeper("host1"), Told())
            keeper.state.withLock { $0.fails = kind }
            let leases = leases([keeper], told: told)
            guard case .cannot = await leases.take("host1") else {
                Issue.record("\(kind)")
                continue
            }
            #expect(await leases.take(["host1"]) == [])
            #expect(told.lines.count == 1)
            #expect(told.lines.first?.contains("host1 cannot keep a lease") == true)
        }
        let keeper = Keeper("host1")
        keeper.state.withLock { $0.fails = .unreachable }
        guard case .unreached = await leases([keeper]).take("host1") else {
            Issue.record("it is silent")
            return
        }
    }

    private final class Told: Sendable {
        private let texts = Mutex<[String]>([])
        var lines: [String] { texts.withLock(\.self) }
        func add(_ text: String) { texts.withLock { $0.append(text) } }
    }

    /// One host's place for a lease.
    final class Keeper: LeaseKeeper {
        struct State {
            var lease: HostLease?
            /// Somebody else lays this between our look and our act.
            var comesBetween: HostLease?
            var fails: HypervisorError.Kind?
        }

        let host: HostName
        let state = Mutex(State())
        init(_ host: HostName) { self.host = host }

        func lease() -> HostLease? { state.withLock(\.lease) }

        func lay(_ lease: HostLease) throws -> Bool {
            try state.withLock { state in
                if let kind = state.fails {
                    throw HypervisorError(
                        kind: kind, operation: "lay", host: host, message: "no secrets here")
                }
                state.lease = state.comesBetween ?? state.lease
                guard state.lease.map({ $0.id == lease.id }) ?? true else { return false }
                state.lease = lease
                return true
            }
        }

        func lift(_ id: String) {
            state.withLock { if $0.lease?.id == id { $0.lease = nil } }
        }

        func wayToLift(_ id: String) -> String { "virsh -c 'x' secret-undefine \(id)" }
    }
}
