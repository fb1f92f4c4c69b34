internal import CLibvirt
import Foundation

/// Listens for what libvirt tells of one domain's job: its iterations, and its statistics when it
/// is over. On the source, for the domain is gone from there when the migration call returns.
final class JobEvents {
    private let connection: ConnectionHandle
    private let inbox: JobInbox
    private var callbacks: [Int32] = []

    init(
        _ domain: DomainHandle, on connection: ConnectionHandle,
        onIteration: (@Sendable (Int) -> Void)? = nil
    ) {
        self.connection = connection
        inbox = JobInbox(onIteration: onIteration)
        register(VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, domain, Self.onCompleted)
        if onIteration != nil {
            register(VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, domain, Self.onIterated)
        }
    }

    deinit {
        for callback in callbacks { connection.deregister(callback) }
    }

    /// The statistics, once they are there. Blocks for at most as long as said: the event may be
    /// delivered a moment after the call that caused it returned.
    func completedJob(waitingSeconds: Double) -> DomainJob? {
        inbox.completedJob(before: Date(timeIntervalSinceNow: waitingSeconds))
    }

    /// A driver without events costs the statistics, not the migration.
    private func register<Callback>(
        _ event: virDomainEventID, _ domain: DomainHandle, _ callback: Callback
    ) {
        if let number = connection.register(event, of: domain, callback, for: inbox) {
            callbacks.append(number)
        }
    }

    private static let onCompleted: virConnectDomainEventJobCompletedCallback = {
        _, _, parameters, count, opaque in
        guard let opaque else { return }
        let job = DomainJob(parameters: TypedParameters(parameters, count: count))
        Unmanaged<JobInbox>.fromOpaque(opaque).takeUnretainedValue().complete(job)
    }

    private static let onIterated: virConnectDomainEventMigrationIterationCallback = {
        _, _, iteration, opaque in
        guard let opaque else { return }
        Unmanaged<JobInbox>.fromOpaque(opaque).takeUnretainedValue().iterate(Int(iteration))
    }
}

/// What the event thread hands over to the migration's thread.
private final class JobInbox: @unchecked Sendable {
    private let condition = NSCondition()
    private var job: DomainJob?
    private let onIteration: (@Sendable (Int) -> Void)?

    init(onIteration: (@Sendable (Int) -> Void)?) { self.onIteration = onIteration }

    func complete(_ job: DomainJob) {
        condition.withLock { self.job = job }
        condition.signal()
    }

    func iterate(_ number: Int) { onIteration?(number) }

    func completedJob(before limit: Date) -> DomainJob? {
        condition.withLock {
            while job == nil {
                guard condition.wait(until: limit) else { break }
            }
            return job
        }
    }
}
