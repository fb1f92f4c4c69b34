package import ClusterModel
package import Execution
package import HypervisorInterface
import Synchronization

/// The leases of one run: on each host that it touches, from before it does until its end.
package final class RunLeases: Sendable {
    /// What came of asking for one.
    package enum Answer: Hashable, Sendable {
        case ours
        /// The host cannot keep one, which hinders nobody.
        case cannot(String)
        /// It did not answer.
        case unreached(String)
        /// Another controller works there, in words that say what to do.
        case held(String)
    }

    private struct State {
        var purpose: String
        var held: Set<HostName> = []
        var cautioned: Set<HostName> = []
    }

    private let connections: [HostName: HostConnection]
    private let controller: ControllerIdentity
    private let clock: WorldClock
    private let since: Timestamp
    private let tell: @Sendable (String) async -> Void
    private let state: Mutex<State>
    /// Reads of a lease that changes under our eyes.
    private static let tries = 5

    /// `tell` is given what is worth a line for people.
    package init(
        _ connections: [HostName: HostConnection], of controller: ControllerIdentity,
        for purpose: String, clock: WorldClock, tell: @escaping @Sendable (String) async -> Void
    ) {
        self.connections = connections
        self.controller = controller
        self.clock = clock
        self.tell = tell
        since = clock.now()
        state = Mutex(State(purpose: purpose))
    }

    /// From its next renewal on the lease says this.
    package func describe(_ purpose: String) { state.withLock { $0.purpose = purpose } }

    /// Lays the lease on a host, or renews it.
    package func take(_ host: HostName) async -> Answer {
        guard let keeper = connections[host]?.leases else { return .cannot("nothing keeps one") }
        do {
            return try await take(host, keeper)
        } catch let error as HypervisorError {
            switch error.kind {
            case .unreachable, .timeout: return .unreached("\(error)")
            case .peerUnreachable, .noDomain, .unsafe, .aborted, .incompatible, .unsupported,
                .denied, .failed:
                await caution(host, error)
                return .cannot("\(error)")
            }
        } catch {
            return .unreached("\(error)")
        }
    }

    private func take(_ host: HostName, _ keeper: any LeaseKeeper) async throws -> Answer {
        var watched: HostLease?
        for _ in 0..<Self.tries {
            let found = try await keeper.lease()
            switch LeaseVerdict(found, for: controller, at: clock.now(), watched: watched) {
            case .free, .ours:
                guard try await keeper.lay(lease) else { continue }
                state.withLock { _ = $0.held.insert(host) }
                return .ours
            case .lapsed(let lease):
                watched = lease
                let seconds = HostLease.watchMilliseconds / 1000
                await tell(
                    "\(host): \(lease.words), which has run out: watched for \(seconds) s, in "
                        + "case it is renewed")
                try await clock.sleep(HostLease.watchMilliseconds)
            case .abandoned(let lease):
                try await keeper.lift(lease.id)
            case .held(let lease):
                return .held(Self.words(lease, on: host, keeper))
            }
        }
        return .unreached("the lease on \(host) changes each time that it is read")
    }

    /// Those of these hosts that another controller holds, a sentence each. Only reads: a host that
    /// does not say is asked again when something is begun there.
    package func heldByOthers(_ hosts: [HostName]) async -> [String] {
        var held: [String] = []
        for host in hosts {
            guard let keeper = connections[host]?.leases,
                let found = try? await keeper.lease(),
                case .held(let lease) = LeaseVerdict(found, for: controller, at: clock.now())
            else { continue }
            held.append(Self.words(lease, on: host, keeper))
        }
        return held
    }

    private static func words(
        _ lease: HostLease, on host: HostName, _ keeper: any LeaseKeeper
    ) -> String {
        "\(host): \(lease.words). Wait for its end; or, if that controller is gone for good: "
            + keeper.wayToLift(lease.id)
    }

    private var lease: HostLease {
        HostLease(
            of: controller, purpose: state.withLock(\.purpose), since: since,
            renewedAt: clock.now())
    }

    private func caution(_ host: HostName, _ error: HypervisorError) async {
        guard state.withLock({ $0.cautioned.insert(host).inserted }) else { return }
        await tell(
            "\(host) cannot keep a lease, so other controllers do not see this run there: \(error)")
    }

    /// Asks for all of these at once; returns why not, one sentence for each that another
    /// controller holds.
    package func take(_ hosts: Set<HostName>) async -> [String] {
        var answers: [HostName: Answer] = [:]
        await withTaskGroup(of: (HostName, Answer).self) { group in
            for host in hosts { group.addTask { (host, await self.take(host)) } }
            for await (host, answer) in group { answers[host] = answer }
        }
        return hosts.sorted().compactMap { host in
            if case .held(let words) = answers[host] { words } else { nil }
        }
    }

    /// Renews those that are held; returns what was lost.
    func renew() async -> [String] {
        var lost: [String] = []
        for host in state.withLock(\.held).sorted() {
            if case .held(let words) = await take(host) { lost.append(words) }
        }
        return lost
    }

    /// Takes them away, on these hosts too: a process that was killed may have left some there.
    package func release(_ hosts: Set<HostName> = []) async {
        let all = state.withLock { state in
            defer { state.held = [] }
            return state.held.union(hosts)
        }
        // What cannot be taken away ends by itself.
        for host in all.sorted() { try? await connections[host]?.leases?.lift(controller.leaseID) }
    }
}

extension RunState {
    /// Hosts that it touches by what is planned now, or has touched.
    package var touchedHosts: Set<HostName> {
        steps.reduce(into: []) { $0.formUnion([$1.step.move.source, $1.step.move.target]) }
    }
}
