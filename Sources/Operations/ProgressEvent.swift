package import Actuation
package import ClusterModel
package import Execution
import Persistence

/// What an operation reports while it runs, for a terminal, a log, a web page or a test to show.
/// Results are returned and failures are thrown: neither is reported here.
package enum ProgressEvent: Sendable {
    /// Something that an operator should look at, and that stops nothing.
    case warning(String)
    /// So many guests are watched for about this long, because nobody measured them lately.
    case measuring(guests: Int, milliseconds: Int64)
    /// The timer's rules ask for a plan, for this reason, by the mean of this many seconds; nil is
    /// by the newest figures alone.
    case decided(reason: String, overSeconds: Int64?)
    /// The process that drives a run, in words, was asked to abort it.
    case toldToAbort(String)
    /// The process that drives a run, in words, was asked to start no new migration.
    case toldToStop(String)
    /// No answer yet from these hosts; they are waited for.
    case waiting(for: [HostName])
    /// A run begins in this state. Whoever watches it can stop it, until it is over.
    case runBegins(RunState, RunControl)
    /// A run that another process drives, by its own description, is watched from this state on.
    case watchBegins(RunID, RunState, driver: String)
    case run(RunUpdate)
    case runIsOver
    /// A rolling reboot begins, or goes on, in this state. Its runs are observed as any run, and
    /// whoever stops it stops these.
    case rebootBegins(RebootState, RunControl)
    /// Where it is now.
    case reboot(RunID, RebootState)
    case rebootIsOver
    /// It may be that somebody else's jobs are waited for, until told otherwise; what for is a
    /// note.
    case waitBegins(WaitControl)
    case waitIsOver
    /// What is worth a line for people, and is no trouble.
    case note(String)
}

/// Someone who watches an operation.
package protocol ProgressObserver: Sendable {
    /// Called in order; the operation goes on when it returns.
    func observe(_ event: ProgressEvent) async
}

/// How a run is stopped from outside.
package struct RunControl: Sendable {
    package let run: RunID
    private let send: @Sendable (RunEvent) -> Void

    package init(_ run: RunID, _ send: @escaping @Sendable (RunEvent) -> Void) {
        self.run = run
        self.send = send
    }

    /// No new migration starts, the running ones end.
    package func stop(because reason: String) { send(.stop(reason: reason)) }
    /// The running ones are aborted too; once more, and guests that may go down late are no longer
    /// waited for.
    package func abort(because reason: String) { send(.abort(reason: reason)) }
}

/// Passes on what an executor tells of its run, also to those who watch it from elsewhere.
actor RunRelay: RunObserver {
    private let progress: any ProgressObserver
    private let file: RunProgressFile
    private var latest: [StepID: MigrationProgress] = [:]

    init(_ progress: any ProgressObserver, file: RunProgressFile) {
        self.progress = progress
        self.file = file
    }

    func observe(_ update: RunUpdate) async {
        switch update {
        case .progress(let id, let progress):
            latest[id] = progress
            file.write(latest)
        case .recorded(.arrived(let id, _, _)), .recorded(.attemptFailed(let id, _, _)):
            latest[id] = nil
        case .recorded, .note: break
        }
        await progress.observe(.run(update))
    }
}
