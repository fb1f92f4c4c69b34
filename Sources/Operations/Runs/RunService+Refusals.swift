import ClusterModel
import Execution
import HypervisorInterface
import Persistence

/// What earlier runs left, and what comes before anything else.
extension RunService {
    /// A run that was killed may have left a migration open: that comes first, and only a person
    /// can say what is to become of it.
    func refuseUnfinishedRun() async throws {
        if let (run, state) = try await journal.unfinishedReboots().first {
            let what = state.outcome == nil ? "was killed before it ended" : "was halted"
            throw CommandError(
                "run \(run) (\(JournalStore.rebootKind)) \(what), so nothing else starts. See: "
                    + waysOn(fromReboot: run), exit: .halted)
        }
        if let (run, state) = try await journal.unfinishedRuns().first {
            let what = state.outcome == nil ? "was killed before it ended" : "was halted"
            throw CommandError(
                "run \(run) (\(state.kind.rawValue)) \(what), so nothing else starts. See: "
                    + waysOn(from: run), exit: .halted)
        }
        for run in try await journal.unreadableRuns() where !run.isOver {
            await progress.observe(
                .warning(
                    "run \(run.run) (\(run.kind)) may not be over, and cannot be read: "
                        + "\(run.reason). Check its domains by hand; this then ends it: kvmbalance "
                        + "runs abort \(run.run)\(flags.config)"))
        }
    }

    /// The commands for a run that waits for a person.
    func waysOn(from run: RunID) -> String {
        let ways = ["resume", "rollback", "abort"].map {
            "\n  kvmbalance runs \($0) \(run)\(flags.config)"
        }
        return "kvmbalance runs show \(run)\(flags.config)\nThen one of:" + ways.joined()
    }

    /// A rolling reboot has no way back: what was rebooted was rebooted.
    func waysOn(fromReboot run: RunID) -> String {
        let ways = ["resume", "abort"].map {
            "\n  kvmbalance runs \($0) \(run)\(flags.config)"
        }
        return "kvmbalance runs show \(run)\(flags.config)\nThen one of:" + ways.joined()
    }

    /// Later than this, a guest that is off was shut down by its owner.
    private static let askedForMilliseconds: Int64 = 86_400_000

    /// A guest that an ended run asked to shut down, and that did so later than anybody watched, is
    /// no guest that its owner shut down: planned as such, it would stay off.
    func refuseForgottenGuests() async throws {
        for run in try await runsThatAskedLately() {
            for guest in run.asked ?? [] {
                let inspector = observer.hosts[guest.host]?.connection.inspector
                let seen = try? await inspector?.sighting(of: guest.domain)
                guard seen?.presence == .inactive, seen?.cause != .left,
                    try await !isStopped(guest, since: run.run)
                else { continue }
                throw CommandError(
                    "run \(run.run) asked '\(guest.name)' to shut down, it did so when nobody "
                        + "waited for it any more, and it is off on \(guest.host): nothing else "
                        + "starts before it runs again. Start it there: kvmbalance runs resume "
                        + "\(run.run)\(flags.config), or virsh start '\(guest.name)'",
                    exit: .halted)
            }
        }
    }

    /// Has a later run shut it down for its host, and so is it off as it should be?
    private func isStopped(_ guest: AskedGuest, since run: RunID) async throws -> Bool {
        let away = try await DisplacedDomains(of: [guest.host], in: journal)
        return away.stops[guest.domain].map { $0.run > run } ?? false
    }

    /// Those that are up as yet, by the last run that asked them: they may shut down during this
    /// one.
    func guestsAsked(before run: RunID) async throws -> [DomainID: RunID] {
        let earlier = try await runsThatAskedLately().filter { $0.run < run }
        let guests = earlier.flatMap { one in (one.asked ?? []).map { ($0.domain, one.run) } }
        return Dictionary(guests, uniquingKeysWith: max)
    }

    private func runsThatAskedLately() async throws -> [RunSummary] {
        let oldest = now().advanced(byMilliseconds: -Self.askedForMilliseconds)
        return try await journal.runsThatAsked().filter { ($0.endedAt ?? oldest) >= oldest }
    }
}
