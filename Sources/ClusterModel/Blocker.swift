/// Why a domain cannot leave, or why a plan cannot be made: with what would help.
package struct Blocker: Hashable, Codable, Sendable {
    /// A word that scripts can rely on.
    package enum Reason: String, Hashable, Codable, Sendable, CaseIterable {
        case hostDevice = "hostdev"
        case snapshot, blockJob = "block-job", sharedFilesystem = "shared-filesystem"
        case sharedMemory = "shared-memory", transientDisk = "transient-disk", vdpa, tpm
        case localStorage = "local-storage", storageUnknown = "storage-unknown"
        case network, cpuModel = "cpu-model", machineType = "machine-type", architecture
        case firmware, device
        case security, state, busy
        case memory, cpu, hugePages = "huge-pages", numa, domainLimit = "domain-limit"
        case affinity, antiAffinity = "anti-affinity", pinned, excluded, managed, ban
        case maintenance, unreachable, sameHostUUID = "same-host-uuid", sameName = "same-name"
        case ordering, nPlusOne = "n-plus-one", convergence, deadline, other
    }

    /// The domain's name; nil when it concerns a host or the whole plan.
    package var domain: String?
    package var host: HostName?
    package var reason: Reason
    /// What is the case, with the values.
    package var detail: String
    /// What a person can do about it.
    package var remedy: String
    /// The job that it is, where that ends by itself; nil for everything that stays.
    package var job: PassingJob?

    package init(
        domain: String? = nil, host: HostName? = nil, reason: Reason, detail: String,
        remedy: String, job: PassingJob? = nil
    ) {
        self.domain = domain
        self.host = host
        self.reason = reason
        self.detail = detail
        self.remedy = remedy
        self.job = job
    }
}

extension Blocker.Reason {
    /// Is it about the running guest only, so that one that is shut down may go?
    package var endsWithShutdown: Bool {
        switch self {
        case .security, .cpuModel, .sharedMemory: true
        case .hostDevice, .snapshot, .blockJob, .sharedFilesystem, .transientDisk, .vdpa, .tpm,
            .localStorage, .storageUnknown, .network, .machineType, .architecture, .firmware,
            .device, .state, .busy, .memory, .cpu, .hugePages, .numa, .domainLimit, .affinity,
            .antiAffinity, .pinned, .excluded, .managed, .ban, .maintenance, .unreachable,
            .sameHostUUID, .sameName, .ordering, .nPlusOne, .convergence, .deadline, .other:
            false
        }
    }
}
