import ClusterModel
import Execution
import HypervisorInterface
import Persistence
import PlacementPolicy
import Simulation
import Synchronization
import Testing

@testable import Operations

/// Three simulated hosts whose reboots are real to them: what runs there is gone.
final class RebootGround {
    /// What becomes of a host that is told to reboot.
    enum Fate: Sendable {
        case reboots
        case isLost
        case staysUp
        /// The command fails; the host reboots all the same, or does not.
        case fails(status: Int32, reboots: Bool)
    }

    /// A kill -9 right after a record was written.
    struct Killed: Error {}

    final class Commands: HostCommands {
        private let fleet: SimulatedFleet
        private let told = Mutex<[HostName]>([])
        private let fates = Mutex<[HostName: Fate]>([:])
        private let running = Mutex<Set<String>>([])
        /// Guests that ran on a host when it was told to reboot.
        private let victims = Mutex<[String]>([])
        var lost: [String] { victims.withLock(\.self) }
        /// Called with how often a host was asked for its boot id.
        let whenAsked = Mutex<(@Sendable (HostName, Int) async -> Void)?>(nil)
        private let asked = Mutex<[HostName: Int]>([:])
        /// What a host says instead of its boot id.
        let bootID = Mutex<String?>(nil)

        init(_ fleet: SimulatedFleet) { self.fleet = fleet }

        /// Hosts that were told to reboot, in order.
        var reboots: [HostName] { told.withLock(\.self) }
        func set(_ fate: Fate, of host: HostName) { fates.withLock { $0[host] = fate } }
        func keepRunning(_ log: String, _ isRunning: Bool) {
            running.withLock { if isRunning { $0.insert(log) } else { $0.remove(log) } }
        }

        func isRunning(log: String) -> Bool { running.withLock { $0.contains(log) } }

        func answer(to line: String) async -> HostShellAnswer {
            let host = HostName(String(line.split(separator: " ")[1]))
            let count = asked.withLock {
                $0[host, default: 0] += 1
                return $0[host] ?? 0
            }
            await whenAsked.withLock(\.self)?(host, count)
            guard let world = try? await fleet.present(), let it = world.host(host),
                !it.isUnreachable(at: world.now)
            else { return HostShellAnswer(output: "", errors: "no route to host") }
            let id = bootID.withLock(\.self) ?? "boot of \(host) at \(it.bootedAt.milliseconds)"
            return HostShellAnswer(output: id + "\n", errors: "")
        }

        func run(_ line: String, log: String) async -> HostCommandEnding {
            let host = HostName(String(line.split(separator: " ")[1]))
            told.withLock { $0.append(host) }
            let world = try? await fleet.present()
            let guests = world?.host(host)?.domains.filter(\.isActive).map(\.facts.name) ?? ["?"]
            victims.withLock { $0 += guests }
            switch fates.withLock({ $0[host] }) ?? .reboots {
            case .reboots: return await reboot(host, status: 0)
            case .isLost:
                try? await fleet.inject(.hostLoss(host))
                return .ended(status: 0, words: "")
            case .staysUp: return .ended(status: 0, words: "Reboot scheduled")
            case .fails(let status, true): return await reboot(host, status: status)
            case .fails(let status, false):
                return .ended(status: status, words: "Permission denied")
            }
        }

        private func reboot(_ host: HostName, status: Int32) async -> HostCommandEnding {
            try? await fleet.inject(.hostReboot(host, downMilliseconds: 20_000))
            return .ended(status: status, words: "")
        }
    }

    let ground = GoalOperationTests.Ground()
    let commands: Commands
    var simulated: SimulatedFleet { ground.simulated }
    var words: [String] { ground.listener.words }
    private let guests: [DomainID]

    init() async throws {
        commands = Commands(ground.simulated)
        guests = try await ground.simulated.present().hosts.flatMap(\.domains)
            .filter(\.isActive).map(\.id)
    }

    func service(
        killedAfter: (@Sendable (RebootEvent) async throws -> Void)? = nil,
        minute: @escaping @Sendable (Timestamp) -> Int = { _ in 0 }
    ) throws -> RebootService {
        var service = try RebootService(
            ground.observer, ground.policies, CommandFlags(), commands: commands,
            minuteOfDay: minute)
        if let killedAfter { service.hasWritten = killedAfter }
        return service
    }

    func plans() async throws -> PlanService {
        try await PlanService(
            ground.observer, ground.policies,
            PlanningChoices(
                policy: nil, snapshot: nil, seed: 0, bestEffort: false, migration: { $0 }))
    }

    func wishes(
        _ hosts: [HostName] = [], command: String? = "reboot {host}", hours: DailyHours? = nil,
        homecoming: RebootRequest.Homecoming? = nil
    ) -> RebootWishes {
        RebootWishes(
            hosts: hosts, command: command, bootCommand: "boot {host}", timeoutSeconds: 600,
            hours: hours, homecoming: homecoming, bestEffort: false)
    }

    func begin(
        _ wishes: RebootWishes? = nil, by service: RebootService? = nil
    ) async throws -> (report: RebootReport, exit: Exit) {
        try Self.ending(
            try await (service ?? self.service()).begin(
                wishes ?? self.wishes(), plans(), isShownOnly: false
            ) { _ in true })
    }

    func takeUp(
        runsAgain: Bool = false, by service: RebootService? = nil
    ) async throws -> (report: RebootReport, exit: Exit) {
        let run = try #require(try await journal.reboots().first)
        return try Self.ending(
            try await (service ?? self.service()).takeUp(
                run, policy: nil, runsAgain: runsAgain
            ) { _ in true })
    }

    private static func ending(
        _ result: RebootService.Result
    ) throws -> (report: RebootReport, exit: Exit) {
        guard case .ended(let report, let exit) = result else {
            throw Impossible("it did not begin: \(result)")
        }
        return (report, exit)
    }

    struct Impossible: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    var journal: JournalStore { get throws { try ground.observer.stores.journal() } }

    var maintenance: [HostName] {
        get async throws { try await journal.maintenance().map(\.host) }
    }

    /// Every guest runs once, and no host went down under one.
    func expectAllWell(_ story: String = "") async throws {
        let world = try await simulated.present()
        for domain in guests {
            let holders = world.holders(of: domain)
            #expect(holders.count == 1, "\(story): \(domain) runs on \(holders)")
        }
        #expect(commands.lost == [], "\(story): rebooted under guests")
    }
}
