package import Actuation
import ClusterModel
package import Execution

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
    /// A run begins in this state. Whoever watches it can stop it, until it is over.
    case runBegins(RunState, RunControl)
    case run(RunUpdate)
    case runIsOver
}

/// Someone who watches an operation.
package protocol ProgressObserver: Sendable {
    /// Called in order; the operation goes on when it returns.
    func observe(_ event: ProgressEvent) async
}

/// How a run is stopped from outside.
package struct RunControl: Sendable {
    private let send: @Sendable (RunEvent) -> Void

    package init(_ send: @escaping @Sendable (RunEvent) -> Void) { self.send = send }

    /// No new migration starts, the running ones end.
    package func stop(because reason: String) { send(.stop(reason: reason)) }
    /// The running ones are aborted too; once more, and guests that may go down late are no longer
    /// waited for.
    package func abort(because reason: String) { send(.abort(reason: reason)) }
}

/// Passes on what an executor tells of its run.
struct RunRelay: RunObserver {
    let progress: any ProgressObserver

    func observe(_ update: RunUpdate) async { await progress.observe(.run(update)) }
}
