internal import CLibvirt
import ClusterModel
import HypervisorInterface

/// The statistics of a domain's job, running or completed.
struct DomainJob: Sendable {
    var parameters: TypedParameters

    var isMigrationOut: Bool { operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT }
    var isMigration: Bool {
        isMigrationOut || operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN
    }

    var kind: DomainJobKind {
        if isMigrationOut { return .migrationOut }
        if isMigration { return .migrationIn }
        return .other(Self.otherWork[operation.rawValue] ?? "another job")
    }

    /// What it is to whoever waits for its end; nil for what is not known to end by itself. Not
    /// asked of migrations, which both hosts tell of.
    func passing(at now: Timestamp) -> PassingJob? {
        guard let kind = Self.passingKinds[operation.rawValue] else { return nil }
        let since = time(VIR_DOMAIN_JOB_TIME_ELAPSED).map { elapsed in
            // To the second: it is read again and again, and is the same job.
            Timestamp(seconds: (now.milliseconds - elapsed) / 1000)
        }
        return PassingJob(kind, since: since)
    }

    private static let passingKinds: [UInt32: PassingJob.Kind] = [
        VIR_DOMAIN_JOB_OPERATION_BACKUP.rawValue: .backup,
        VIR_DOMAIN_JOB_OPERATION_DUMP.rawValue: .dump,
        VIR_DOMAIN_JOB_OPERATION_SAVE.rawValue: .save,
        VIR_DOMAIN_JOB_OPERATION_SNAPSHOT.rawValue: .snapshot,
    ]

    private static let otherWork = [
        VIR_DOMAIN_JOB_OPERATION_BACKUP.rawValue: "a backup",
        VIR_DOMAIN_JOB_OPERATION_DUMP.rawValue: "a dump",
        VIR_DOMAIN_JOB_OPERATION_SAVE.rawValue: "a save",
        VIR_DOMAIN_JOB_OPERATION_SNAPSHOT.rawValue: "a domain snapshot",
    ]

    private var operation: virDomainJobOperation {
        virDomainJobOperation(
            UInt32(clamping: parameters.integer(VIR_DOMAIN_JOB_OPERATION) ?? 0))
    }

    private func bytes(_ name: String) -> Bytes? { .plausible(parameters.integer(name)) }

    /// Estimates are learned from it: nonsense is not kept.
    private func time(_ name: String) -> Int64? {
        parameters.integer(name).flatMap { (0...Self.longest).contains($0) ? $0 : nil }
    }

    /// A month, in milliseconds.
    private static let longest: Int64 = 31 * 86_400_000

    var progress: MigrationProgress {
        MigrationProgress(
            processed: bytes(VIR_DOMAIN_JOB_DATA_PROCESSED) ?? .zero,
            remaining: bytes(VIR_DOMAIN_JOB_DATA_REMAINING) ?? .zero,
            total: bytes(VIR_DOMAIN_JOB_DATA_TOTAL) ?? .zero,
            rate: bytes(VIR_DOMAIN_JOB_MEMORY_BPS), dirtyRate: dirtyRate,
            iteration: parameters.integer(VIR_DOMAIN_JOB_MEMORY_ITERATION).map {
                Int(clamping: $0)
            },
            throttlePercent: parameters.integer(VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE).map {
                Int(clamping: $0)
            },
            // The target asks for pages then, and only then.
            isPostcopy: (parameters.integer(VIR_DOMAIN_JOB_MEMORY_POSTCOPY_REQS) ?? 0) > 0)
    }

    /// libvirt counts it in pages a second.
    private var dirtyRate: Bytes? {
        guard let pages = parameters.integer(VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE),
            let size = parameters.integer(VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE)
        else { return nil }
        return .plausible(pages, unit: size)
    }

    /// What a completed migration took; nil fields where libvirt did not say.
    func statistics(measuredMilliseconds: Int64) -> MigrationStatistics {
        var statistics = MigrationStatistics(
            durationMilliseconds: time(VIR_DOMAIN_JOB_TIME_ELAPSED) ?? measuredMilliseconds,
            downtimeMilliseconds: time(VIR_DOMAIN_JOB_DOWNTIME),
            transferred: bytes(VIR_DOMAIN_JOB_DATA_PROCESSED),
            iterations: parameters.integer(VIR_DOMAIN_JOB_MEMORY_ITERATION).map {
                Int(clamping: $0)
            })
        if let pages = parameters.integer(VIR_DOMAIN_JOB_MEMORY_CONSTANT),
            let size = parameters.integer(VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE)
        {
            statistics.emptyMemory = .plausible(pages, unit: size)
        }
        statistics.totalMemory = bytes(VIR_DOMAIN_JOB_MEMORY_TOTAL)
        return statistics
    }
}

extension DomainHandle {
    /// The job that runs on the domain; nil when there is none.
    ///
    /// On an incoming domain libvirt refuses at once, before it waits for anything
    /// (qemuDomainGetJobStatsInternal); elsewhere the call takes a query job, which an outgoing
    /// migration allows.
    func job(flags: UInt32 = 0) throws(LibvirtFailure) -> DomainJob? {
        var type: Int32 = 0
        var count: Int32 = 0
        var parameters: virTypedParameterPtr?
        try checked(use { virDomainGetJobStats($0, &type, &parameters, &count, flags) })
        defer { virTypedParamsFree(parameters, count) }
        guard type != Int32(VIR_DOMAIN_JOB_NONE.rawValue) else { return nil }
        return DomainJob(parameters: TypedParameters(parameters, count: count))
    }

    func migrationJob() throws(LibvirtFailure) -> DomainJob? {
        try job().flatMap { $0.isMigrationOut ? $0 : nil }
    }

    /// Statistics of the job that ended last, left in place for others to read.
    func completedJob() throws(LibvirtFailure) -> DomainJob? {
        try job(
            flags: VIR_DOMAIN_JOB_STATS_COMPLETED.rawValue
                | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED.rawValue)
    }

    /// Does QEMU's monitor answer somebody else at the moment, or nobody any more? A query would
    /// wait behind that. Asks without a job (qemuDomainGetControlInfo).
    func monitorTrouble() throws(LibvirtFailure) -> MonitorTrouble? {
        var info = virDomainControlInfo()
        try checked(use { virDomainGetControlInfo($0, &info, 0) })
        let milliseconds = Int64(clamping: info.stateTime)
        switch virDomainControlState(info.state) {
        case VIR_DOMAIN_CONTROL_OCCUPIED: return .busy(milliseconds: milliseconds)
        case VIR_DOMAIN_CONTROL_ERROR: return .broken
        default: return nil
        }
    }
}

/// Why a domain's monitor should not be asked anything now.
enum MonitorTrouble: Hashable, Sendable {
    case busy(milliseconds: Int64)
    case broken

    /// Somebody else's question that is still being answered, as a sample's: over in a moment.
    var isPassing: Bool {
        switch self {
        case .busy(let milliseconds): milliseconds < 1000
        case .broken: false
        }
    }
}

extension LibvirtFailure {
    /// The domain has gone, does not run, or is the arriving end.
    var meansNoJob: Bool {
        has(VIR_ERR_NO_DOMAIN) || has(VIR_ERR_OPERATION_INVALID)
            || has(VIR_ERR_OPERATION_UNSUPPORTED) || has(VIR_ERR_NO_SUPPORT)
    }
}
