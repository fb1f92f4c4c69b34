package import ClusterModel
package import Execution
import Foundation
import HypervisorInterface
import Persistence
import PlacementPolicy

/// What a person asks of a rolling reboot, beyond how its drains are planned.
package struct RebootWishes: Sendable {
    /// None is all of the fleet.
    var hosts: [HostName]
    var command: String?
    var bootCommand: String?
    var timeoutSeconds: Int64
    var hours: DailyHours?
    /// nil is what the policy says, else the fewest moves.
    var homecoming: RebootRequest.Homecoming?
    var bestEffort: Bool
    /// How long jobs on guests are waited for; nil not.
    package var jobSeconds: Int64?

    package init(
        hosts: [HostName], command: String?, bootCommand: String?, timeoutSeconds: Int64,
        hours: DailyHours?, homecoming: RebootRequest.Homecoming?, bestEffort: Bool
    ) {
        self.hosts = hosts
        self.command = command
        self.bootCommand = bootCommand
        self.timeoutSeconds = timeoutSeconds
        self.hours = hours
        self.homecoming = homecoming
        self.bestEffort = bestEffort
    }
}

/// Reboots hosts in rounds: begins that, resumes it, and ends it.
package struct RebootService: Sendable {
    let observer: FleetObserver
    let policies: FleetPolicies
    let flags: CommandFlags
    let journal: JournalStore
    let runs: RunService
    let commands: any HostCommands
    /// Of a moment, by the clock on the wall: minutes since midnight.
    let minuteOfDay: @Sendable (Timestamp) -> Int
    /// Called when a fact was written, before anything follows from it: tests throw, as a kill
    /// would.
    var hasWritten: @Sendable (RebootEvent) async throws -> Void = { _ in }

    package init(
        _ observer: FleetObserver, _ policies: FleetPolicies, _ flags: CommandFlags,
        commands: any HostCommands, minuteOfDay: @escaping @Sendable (Timestamp) -> Int
    ) throws {
        self.observer = observer
        self.policies = policies
        self.flags = flags
        self.commands = commands
        self.minuteOfDay = minuteOfDay
        journal = try observer.stores.journal()
        runs = try RunService(observer, policies, flags)
    }

    /// What came of a request.
    package enum Result: Sendable {
        /// There is nothing to do, or it cannot be done.
        case shown(RollingReboot)
        case declined
        case ended(RebootReport, Exit)
    }

    /// What is to be agreed to.
    package struct Proposal: Sendable {
        package var request: RebootRequest
        package var schedule: RollingReboot
        /// The command for each host, as it will be run; empty where a person reboots.
        package var lines: [String]
        /// nil for one that begins.
        package var report: RebootReport?
        /// What the hosts that are on their way are waited for with, in words.
        package var notes: [String] = []
    }

    package typealias Agreement = (Proposal) async throws -> Bool

    // MARK: Beginning

    package func begin(
        _ wishes: RebootWishes, _ plans: PlanService, isShownOnly: Bool,
        if agreed: Agreement
    ) async throws -> Result {
        let reader = try bootReader(wishes.bootCommand)
        let template = try command(wishes.command)
        try observer.hosts.require(wishes.hosts)
        let hosts = wishes.hosts.isEmpty ? observer.hosts.names : wishes.hosts
        let homecoming = wishes.homecoming ?? plans.homecoming
        let lock = isShownOnly ? nil : try runs.lockFleet("reboot \(hosts.words)")
        defer { lock?.release() }
        if lock != nil {
            try await runs.refuseUnfinishedRun()
            try await runs.refuseForgottenGuests()
            try await runs.refuseHostsOfOthers(hosts)
        }
        observer.hosts.prepareToLook()
        let schedule = try await schedule(hosts, wishes, plans, homecoming)
        guard schedule.outcome == .plan, let first = schedule.rounds.first else {
            return .shown(schedule)
        }
        let turned = schedule.rounds.flatMap(\.hosts)
        try await reader.refuseUnreadable(turned)
        var request = RebootRequest(
            hosts: schedule.hosts, command: wishes.command, bootCommand: wishes.bootCommand,
            timeoutSeconds: wishes.timeoutSeconds, hours: wishes.hours, homecoming: homecoming,
            bestEffort: wishes.bestEffort, template: first.away)
        request.jobSeconds = wishes.jobSeconds
        let proposal = Proposal(
            request: request, schedule: schedule,
            lines: template.map { lines($0, turned) } ?? [])
        guard try await agreed(proposal), let lock else { return .declined }
        let run = try await journal.openReboot(
            request, at: observer.now(), process: ProcessInfo.processInfo.processIdentifier)
        try await journal.append(
            .agreed(cpuShare: schedule.cpuShare), toReboot: run, at: observer.now())
        try await runs.keepPolicy(plans.policyFile, of: run)
        return try await drive(run, plans, lock)
    }

    /// The rounds, once jobs that only keep a host from being emptied are over or waited for.
    private func schedule(
        _ hosts: [HostName], _ wishes: RebootWishes, _ plans: PlanService,
        _ homecoming: RebootRequest.Homecoming
    ) async throws -> RollingReboot {
        let plans = plans.withBestEffort(wishes.bestEffort)
        return try await plans.waitingForJobs(wishes.jobSeconds) {
            try await plans.rollingReboot(hosts, isReturning: homecoming == .always)
        } awaiting: {
            $0.blockers.awaited(bestEffort: wishes.bestEffort)
        }
    }

    func command(_ text: String?) throws -> CommandTemplate? {
        try text.map { try CommandTemplate($0, option: "--run") }
    }

    func bootReader(_ text: String?) throws -> BootReader {
        BootReader(
            hosts: observer.hosts, commands: commands,
            template: try text.map { try CommandTemplate($0, option: "--boot-id") })
    }

    private func lines(_ template: CommandTemplate, _ hosts: [HostName]) -> [String] {
        observer.hosts.fleet.hosts.filter { hosts.contains($0.name) }.map(template.line)
    }

    /// Where what a command says is kept.
    func log(of run: RunID, _ host: HostName) -> String {
        let name = host.rawValue.map { $0.isLetter || $0.isNumber || ".-".contains($0) ? $0 : "_" }
        return "\(observer.stores.directory)/reboot-\(run)-\(String(name)).log"
    }

    private func drive(
        _ run: RunID, _ plans: PlanService, _ lock: FleetLock
    ) async throws -> Result {
        lock.keep(for: run)
        try lock.describe("run \(run), \(JournalStore.rebootKind)", run: run)
        let driver = try RebootDriver(
            run, try await journal.rebootState(of: run), by: self, plans: plans, lock: lock,
            control: RebootSwitch())
        try await driver.takeUpOpenRun()
        try await driver.drive()
        let state = try await journal.rebootState(of: run)
        return .ended(try await report(run, state), state.outcome.exit)
    }

    // MARK: Taking up

    /// Goes on with one that was killed, stopped or halted. With `runsAgain` the command is run
    /// once more on hosts that it did not reboot.
    package func takeUp(
        _ run: RunID, policy: String?, runsAgain: Bool, if agreed: Agreement
    ) async throws -> Result {
        let lock = try runs.lockFleet("runs resume \(run)", run: run)
        defer { lock.release() }
        let before = try await journal.rebootState(of: run)
        if before.outcome?.state == .done {
            throw CommandError("run \(run) is done: there is nothing to resume")
        }
        try await refuseOthers(than: run, before)
        observer.hosts.expect(
            Dictionary(firstOf: before.rounds.flatMap(\.hosts).map { ($0.host, $0.uuid) }))
        let plans = try await runs.planService(
            for: run, before.request.template, policy: policy)
        var schedule = RollingReboot(
            outcome: .nothingToDo, origin: before.request.template.origin, hosts: [])
        let own = Set(before.runs)
        let open = try await journal.unfinishedRuns().first { own.contains($0.run) }
        // Guests of a run that was killed may be paused: that comes before a plan for the rest.
        if open == nil, !before.waitingHosts.isEmpty {
            schedule = try await plans.withBestEffort(true).rollingReboot(
                before.waitingHosts, isReturning: before.request.homecoming == .always)
        }
        let again = runsAgain ? try await unchanged(before) : []
        try refuseRunning(run, again)
        let template = try command(before.request.command)
        let proposal = Proposal(
            request: before.request, schedule: schedule,
            lines: template.map { lines($0, before.waitingHosts + again) } ?? [],
            report: try await report(run, before),
            notes: (open.map { ["first run \($0.run) (\($0.state.kind.rawValue)) is resumed"] }
                ?? [])
                + notes(run, before, again))
        guard try await agreed(proposal) else { return .declined }
        let taken = RebootEvent.taken(process: ProcessInfo.processInfo.processIdentifier)
        try await journal.append(taken, toReboot: run, at: observer.now())
        if let share = schedule.cpuShare {
            try await journal.append(
                .agreed(cpuShare: share), toReboot: run, at: observer.now())
        }
        for host in again {
            try await journal.append(.again(host), toReboot: run, at: observer.now())
        }
        return try await drive(run, plans, lock)
    }

    /// The fleet may hold what somebody else began, and that comes first.
    private func refuseOthers(than run: RunID, _ state: RebootState) async throws {
        let own = Set(state.runs)
        guard let other = try await journal.unfinishedRuns().first(where: { !own.contains($0.run) })
        else { return }
        throw CommandError(
            "run \(other.run) (\(other.state.kind.rawValue)) comes first, it is not over. See: "
                + runs.waysOn(from: other.run), exit: .halted)
    }

    /// Hosts that were to be rebooted, answer, and were not: the others are back, or on their way.
    private func unchanged(_ state: RebootState) async throws -> [HostName] {
        let reader = try bootReader(state.request.bootCommand)
        var found: [HostName] = []
        for host in observer.hosts.fleet.hosts {
            guard case .rebooting(let attempt) = state.turn(of: host.name),
                let boot = try? await reader.boot(of: host), boot.id == attempt.before.id
            else { continue }
            found.append(host.name)
        }
        return found
    }

    private func refuseRunning(_ run: RunID, _ hosts: [HostName]) throws {
        for host in hosts where commands.isRunning(log: log(of: run, host)) {
            throw CommandError(
                "the command for \(host) still runs, and is not started a second time: see "
                    + "\(log(of: run, host)), wait for it or end it, then resume", exit: .failed)
        }
    }

    /// What becomes of hosts that were on their way.
    private func notes(
        _ run: RunID, _ state: RebootState, _ again: [HostName]
    ) -> [String] {
        state.request.hosts.compactMap { host in
            switch state.turn(of: host) {
            case .waiting, .done: return nil
            case .back: return "\(host) is back: its maintenance ends"
            case .rebooting(let attempt):
                if again.contains(host) {
                    return "\(host): drained again, and its command is run once more"
                }
                guard state.request.command != nil else {
                    return "\(host) is waited for: a person reboots it"
                }
                return "\(host) is looked at: its command was started at \(attempt.since), and is "
                    + "not run a second time; where it did not reboot the host, do that by hand "
                    + "or add --run-again"
            }
        }
    }

    // MARK: Ending

    /// Tells the process that drives it, or settles what a killed one left. nil where its records
    /// cannot be read, and it is only said to be over.
    package func abort(_ run: RunID) async throws -> RebootReport? {
        let found: RebootState
        do {
            found = try await journal.rebootState(of: run)
        } catch let error as StoreError where error.kind == .corrupt {
            try await giveUp(run, error)
            return nil
        }
        if let outcome = found.outcome, outcome.state != .halted {
            throw CommandError(
                "run \(run) has already ended (\(outcome.state.rawValue)): nothing to abort")
        }
        switch try FleetLock.acquire(
            directory: observer.stores.directory, purpose: "runs abort \(run)", run: run)
        {
        case .held(let holder):
            try runs.signal(SIGTERM, to: holder, of: run)
            await observer.progress.observe(.toldToAbort(holder.description))
        case .acquired(let lock):
            defer { lock.release() }
            for open in try await journal.unfinishedRuns() where found.runs.contains(open.run) {
                _ = try await runs.settle(open.run)
            }
            let taken = RebootEvent.taken(process: ProcessInfo.processInfo.processIdentifier)
            try await journal.append(taken, toReboot: run, at: observer.now())
            try await journal.append(
                .ended(RunOutcome(.failed, reason: "aborted")), toReboot: run, at: observer.now())
        }
        return try await report(run, journal.rebootState(of: run))
    }

    /// So that it stands in nobody's way any more.
    private func giveUp(_ run: RunID, _ error: StoreError) async throws {
        let lock = try runs.lockFleet("runs abort \(run)", run: run)
        defer { lock.release() }
        let reason = "given up, because its records cannot be read: \(error)"
        try await journal.append(
            .ended(RunOutcome(.failed, reason: reason)), toReboot: run, at: observer.now())
        await observer.progress.observe(.note("run \(run): \(reason)"))
    }

    /// Tells the process that drives it to begin nothing more.
    package func stop(_ run: RunID) async throws -> RebootReport {
        let found = try await journal.rebootState(of: run)
        guard found.outcome == nil else {
            throw CommandError("run \(run) has already ended: there is nothing to stop")
        }
        guard let driver = runs.driver else { throw wasKilled(run) }
        try runs.signal(SIGUSR1, to: driver, of: run)
        await observer.progress.observe(.toldToStop(driver.description))
        return try await report(run, found)
    }

    func wasKilled(_ run: RunID) -> CommandError {
        CommandError(
            "the process of run \(run) was killed before the run ended. See: "
                + runs.waysOn(fromReboot: run), exit: .halted)
    }
}

extension RebootDriver {
    /// A drain or a return that another process left open comes before anything else.
    func takeUpOpenRun() async throws {
        let open = try await journal.unfinishedRuns().first { state.runs.contains($0.run) }
        guard let open else { return }
        await observer.progress.observe(.rebootBegins(state, control.control(of: run)))
        do {
            let ending = try await runs.takeUpLocked(
                open.run, to: nil, policy: nil, isAsked: false, if: { _ in true })
            try lock.describe("run \(run)", run: run)
            if let ending { _ = try await isDone(ending) }
        } catch let error as CommandError {
            try await record(
                .ended(
                    RunOutcome(
                        error.exit == .halted ? .halted : .failed, reason: error.message)))
        }
    }
}

extension RollingReboot {
    /// Of all its plans the most.
    var cpuShare: Int64? {
        rounds.flatMap { [$0.away.cpuShare, $0.back?.cpuShare] }.compactMap(\.self).max()
    }
}

extension PlanService {
    /// Guests return after each round where the policy's own file says so. Else they stay where
    /// they are, which are the fewest moves.
    var homecoming: RebootRequest.Homecoming {
        policyAtHand.reboot.bringBack == true ? .always : .never
    }
}

extension RunOutcome? {
    var exit: Exit {
        switch self?.state {
        case .done: .done
        case .halted, nil: .halted
        case .failed, .rolledBack: .failed
        }
    }
}
