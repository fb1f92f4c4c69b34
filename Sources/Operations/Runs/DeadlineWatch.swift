import Actuation
import ClusterModel
import Execution
import Synchronization

/// Passes on what a run tells, and warns once when it cannot be over in time any more, and once
/// when the time has come.
final class DeadlineWatch: ProgressObserver {
    private struct Watched {
        let run: RunID
        var state: RunState
        var progress: [StepID: MigrationProgress] = [:]
        /// Since when what is seen says that it will be late.
        var lateSince: Timestamp?
        var isMissed = false
        var isOver = false
    }

    private let next: any ProgressObserver
    private let deadline: DrainDeadline
    private let flags: CommandFlags
    private let now: @Sendable () -> Timestamp
    private let watched = Mutex<Watched?>(nil)

    /// The first seconds of a migration say little of the rest.
    private static let patienceMilliseconds: Int64 = 10_000

    init(
        _ deadline: DrainDeadline, next: any ProgressObserver, flags: CommandFlags,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.deadline = deadline
        self.next = next
        self.flags = flags
        self.now = now
    }

    func observe(_ event: ProgressEvent) async {
        await next.observe(event)
        let time = now()
        let warning = watched.withLock { watched in
            switch event {
            case .runBegins(let state, let control):
                watched = Watched(run: control.run, state: state)
            case .run(.recorded(let event)): watched?.state.apply(event, at: time)
            case .run(.progress(let id, let progress)): watched?.progress[id] = progress
            case .runIsOver: watched = nil
            case .run(.note), .warning, .measuring, .decided, .toldToAbort, .toldToStop, .waiting,
                .watchBegins, .rebootBegins, .reboot, .rebootIsOver, .waitBegins, .waitIsOver,
                .note:
                break
            }
            guard let it = watched else { return nil as String? }
            return words(of: it, at: time, &watched)
        }
        if let warning { await next.observe(.warning(warning)) }
    }

    private func words(
        of it: Watched, at time: Timestamp, _ watched: inout Watched?
    ) -> String? {
        guard it.state.outcome == nil, !it.isOver else { return nil }
        let end = deadline.clock(deadline.time)
        guard deadline.left(at: time) > 0 else {
            watched?.isOver = true
            watched?.isMissed = true
            return "\(end) has come, and run \(it.run) is not over; \(waysOut(it.run))"
        }
        let rest = RemainingTime(of: it.state, it.progress, at: time)
        guard rest.isSeen, rest.milliseconds > deadline.left(at: time) else {
            watched?.lateSince = nil
            return nil
        }
        let since = it.lateSince ?? time
        watched?.lateSince = since
        guard !it.isMissed, time.millisecondsSince(since) >= Self.patienceMilliseconds else {
            return nil
        }
        watched?.isMissed = true
        let over = deadline.clock(time.advanced(byMilliseconds: rest.milliseconds))
        return "run \(it.run) can no longer be over by \(end): about "
            + "\(Format.duration(milliseconds: rest.milliseconds)) to go at the speed seen, over "
            + "at \(over); \(waysOut(it.run))"
    }

    private func waysOut(_ run: RunID) -> String {
        "it goes on; to end it after the running migrations: kvmbalance runs stop \(run)"
            + flags.config
    }
}
