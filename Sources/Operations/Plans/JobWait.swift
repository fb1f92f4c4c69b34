import Actuation
import ClusterModel
import HypervisorInterface
import Synchronization

/// Plans, and where guests are kept only by jobs that end by themselves (a backup, a block job),
/// waits for these and plans again. Ends no job, and holds nothing of the guests meanwhile.
struct JobWait {
    let observer: FleetObserver
    /// How long in all; nil is not at all.
    let seconds: Int64?
    /// Why it is to end at once; nil while it may go on.
    let stopReason: @Sendable () -> String?

    /// Between two looks at the guests: a look reads every host once.
    static let lookMilliseconds: Int64 = 10_000
    /// Whoever ends it waits for no longer.
    private static let sliceMilliseconds: Int64 = 1000

    /// The last plan that was made: the first one that hindrances say nothing of, or the one after
    /// the time is over. nil where it was stopped.
    func plan<Made>(
        _ make: () async throws -> Made, awaiting hindrances: (Made) -> [Blocker]
    ) async throws -> Made? {
        var made = try await make()
        guard let seconds else { return made }
        var open = hindrances(made)
        var told: [String] = []
        let end = observer.clock.steady().advanced(byMilliseconds: seconds * 1000)
        while !open.isEmpty, left(until: end) > 0 {
            if open.onlyJobs != told {
                told = open.onlyJobs
                await tell("\(Self.words(open)), waiting up to \(text(seconds))")
            }
            var isWaiting = true
            while isWaiting {
                guard try await pause(min(Self.lookMilliseconds, left(until: end))) else {
                    return nil
                }
                isWaiting = left(until: end) > 0
                if isWaiting { isWaiting = await isUnderWay(open) }
            }
            made = try await make()
            open = hindrances(made)
        }
        if !told.isEmpty {
            await tell(
                open.isEmpty
                    ? "the jobs of \(told.joined(separator: ", ")) are over"
                    : "\(Self.words(open)), and the \(text(seconds)) to wait are over")
        }
        return made
    }

    private func left(until end: Timestamp) -> Int64 {
        end.millisecondsSince(observer.clock.steady())
    }

    /// False where it was stopped.
    private func pause(_ milliseconds: Int64) async throws -> Bool {
        var rest = milliseconds
        while rest > 0 {
            guard stopReason() == nil else { return false }
            try await observer.clock.sleep(min(Self.sliceMilliseconds, rest))
            rest -= Self.sliceMilliseconds
        }
        return stopReason() == nil
    }

    /// Has one of them a job still? Whoever is nowhere to be seen has none: the next plan says what
    /// became of it.
    private func isUnderWay(_ blockers: [Blocker]) async -> Bool {
        let names = Set(blockers.compactMap(\.domain))
        let readings = await observer.told(by: Silence()).look()
        return readings.compactMap { try? $0.result.get() }.contains { inventory in
            let moving = Set(inventory.migratingOut + inventory.migratingIn)
            return inventory.domains.contains { domain in
                names.contains(domain.name)
                    && (moving.contains(domain.id)
                        || domain.blockers.contains { $0.job != nil })
            }
        }
    }

    // MARK: Words

    private func tell(_ text: String) async { await observer.progress.observe(.note(text)) }

    private func text(_ seconds: Int64) -> String {
        Format.duration(milliseconds: seconds * 1000)
    }

    /// More are counted: it is one line.
    private static let namedAtMost = 4

    /// `web1: a backup has been running since 2026-11-21T22:00:00Z; db1: …`.
    static func words(_ blockers: [Blocker]) -> String {
        let guests = blockers.onlyJobs
        let named = guests.prefix(namedAtMost).compactMap { name in
            blockers.first { $0.domain == name && $0.job != nil }
        }
        let rest = guests.count - named.count
        return named.map { blocker in
            let name = blocker.domain ?? ""
            guard let job = blocker.job, let since = job.since else {
                return "\(name): \(blocker.detail)"
            }
            return "\(name): \(job.words) has been running since \(since)"
        }.joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
    }
}

extension PlanService {
    /// What `make` plans in the end; throws where somebody stopped the waiting.
    func waitingForJobs<Made>(
        _ seconds: Int64?, _ make: () async throws -> Made,
        awaiting hindrances: (Made) -> [Blocker]
    ) async throws -> Made {
        guard seconds != nil else { return try await make() }
        let (control, progress) = (WaitControl(), observer.progress)
        let wait = JobWait(observer: observer, seconds: seconds) { control.reason }
        await progress.observe(.waitBegins(control))
        let made: Made?
        do {
            made = try await wait.plan(make, awaiting: hindrances)
        } catch {
            await progress.observe(.waitIsOver)
            throw error
        }
        await progress.observe(.waitIsOver)
        guard let made else {
            throw CommandError(
                "\(control.reason ?? "stopped") while jobs were waited for: nothing was done",
                exit: .failed)
        }
        return made
    }
}

/// How a wait is ended from outside.
package final class WaitControl: Sendable {
    private let told = Mutex<String?>(nil)

    /// nil while the waiting goes on.
    var reason: String? { told.withLock(\.self) }

    package func stop(because reason: String) { told.withLock { $0 = $0 ?? reason } }
}

extension [Blocker] {
    /// The blockers of guests that are worth waiting for, where others may stay (`bestEffort`) or
    /// everything must go: then whatever lasts makes waiting vain.
    func awaited(bestEffort: Bool) -> [Blocker] {
        guard bestEffort || allSatisfy({ $0.job != nil }) else { return [] }
        let guests = Set(onlyJobs)
        return filter { $0.domain.map(guests.contains) ?? false }
    }
}
