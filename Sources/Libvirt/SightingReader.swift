internal import CLibvirt
import ClusterModel

/// Looks at one domain on one host: how it appears there, and whether a migration works on it.
enum SightingReader {
    static func read(
        _ connection: ConnectionHandle, _ id: DomainID
    ) throws(LibvirtFailure) -> DomainSighting {
        do {
            return try sighting(of: connection.domain(id.rawValue))
        } catch  where error.has(VIR_ERR_NO_DOMAIN) {
            // Never seen, or gone between two of the calls.
            return DomainSighting(.absent, detail: "not known on this host")
        }
    }

    private static func sighting(of domain: DomainHandle) throws(LibvirtFailure) -> DomainSighting {
        let condition = try domain.state()
        let isActive = try domain.isActive()
        let isPersistent = try domain.isPersistent()
        var sighting = DomainSighting(
            condition.presence(isActive: isActive), isPersistent: isPersistent,
            // A transient domain has no autostart, and asking is an error.
            autostart: isPersistent ? try domain.autostart() : false,
            cause: condition.cause, detail: condition.words)
        if isActive {
            sighting.isBeingSaved = condition.isBeingSaved
            sighting.jobActive = try hasMigrationJob(domain, condition)
        } else if isPersistent {
            sighting.hasSavedState = try domain.hasManagedSave()
        }
        return sighting
    }

    /// Only asks where the question cannot wait for a job: see `DomainHandle.job`.
    private static func hasMigrationJob(
        _ domain: DomainHandle, _ condition: DomainCondition
    ) throws(LibvirtFailure) -> Bool {
        // A start allows no query job, and an incoming migration starts like this: assume it.
        if condition.isStartingUp { return true }
        if try domain.hasMonitorTrouble() { return condition.isInPostcopy }
        do {
            return try domain.job()?.isMigration ?? false
        } catch {
            guard error.meansNoJob, !error.has(VIR_ERR_NO_DOMAIN) else { throw error }
            // libvirt's words: "migration statistics are available only on the source host".
            return error.has(VIR_ERR_OPERATION_UNSUPPORTED)
        }
    }
}

extension DomainHandle {
    /// A driver that cannot tell has no monitor.
    func hasMonitorTrouble() throws(LibvirtFailure) -> Bool {
        do {
            return try monitorTrouble() != nil
        } catch  where error.has(VIR_ERR_NO_SUPPORT) || error.has(VIR_ERR_OPERATION_INVALID) {
            return false
        }
    }
}
