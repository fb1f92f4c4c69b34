internal import CLibvirt
import ClusterModel

extension DomainHandle {
    func abortJob() throws(LibvirtFailure) { try checked(use { virDomainAbortJob($0) }) }

    func adjustMigration(_ adjustment: MigrationAdjustment) throws(LibvirtFailure) {
        switch adjustment {
        case .allowDowntime(let milliseconds):
            let limit = UInt64(max(1, milliseconds))
            try checked(use { virDomainMigrateSetMaxDowntime($0, limit, 0) })
        case .allowBandwidth(let speed):
            let limit = UInt(max(1, speed))
            try checked(use { virDomainMigrateSetMaxSpeed($0, limit, 0) })
        case .startPostcopy:
            try checked(use { virDomainMigrateStartPostCopy($0, 0) })
        case .suspendGuest:
            // Only under a migration: its end lets the guest run again, on whichever host.
            guard try migrationJob() != nil else {
                throw .refused("no migration leaves this host: not suspended")
            }
            try checked(use { virDomainSuspend($0) })
        }
    }

    func setAutostart(_ value: Bool) throws(LibvirtFailure) {
        try checked(use { virDomainSetAutostart($0, value ? 1 : 0) })
    }

    /// Refuses a domain whose memory is on two hosts: to run such a copy is to corrupt the guest.
    func resume() throws(LibvirtFailure) {
        let condition = try state()
        guard !condition.isInPostcopy, !condition.isPostcopyFailed else {
            throw .refused(
                "it is \(condition.words): a part of its memory is on another host",
                remedy: "resume the migration (virsh migrate --postcopy-resume)")
        }
        try checked(use { virDomainResume($0) })
    }

    /// Looks again right before: between the two calls only milliseconds pass, in which nobody but
    /// a migration that ends at that very moment could start this copy.
    func destroyPausedCopy() throws(LibvirtFailure) {
        let condition = try state()
        guard condition.isPausedByMigration else {
            throw .refused(
                "it is \(condition.words) and not paused by a migration: not destroyed",
                remedy: "look at both hosts again before anything else")
        }
        try checked(use { virDomainDestroyFlags($0, 0) })
    }

    /// Loses nothing: UEFI variables and TPM state stay as files, and a domain with a saved state
    /// is left alone. (libvirt itself refuses one with domain snapshots.)
    func undefine() throws(LibvirtFailure) {
        guard try !isActive() else {
            throw .refused(
                "it is active (\(try state().words)): its definition is not removed",
                remedy: "shut it down first")
        }
        guard try !hasManagedSave() else {
            throw .refused(
                "it has a saved state, which would be lost with its definition",
                remedy: "start it, or drop the state (virsh managedsave-remove)")
        }
        let keepAll =
            VIR_DOMAIN_UNDEFINE_KEEP_NVRAM.rawValue | VIR_DOMAIN_UNDEFINE_KEEP_TPM.rawValue
        do {
            try checked(use { virDomainUndefineFlags($0, keepAll) })
        } catch  where error.has(VIR_ERR_INVALID_ARG) {
            // A daemon older than KEEP_TPM (8.9): safe only where there is no TPM.
            guard let hasTPM = try? DomainXMLReader.hasTPM(xml()), !hasTPM else { throw error }
            try checked(use { virDomainUndefineFlags($0, VIR_DOMAIN_UNDEFINE_KEEP_NVRAM.rawValue) })
        }
    }
}

extension DomainXMLReader {
    static func hasTPM(_ xml: String) throws(MalformedXML) -> Bool {
        try MarkupReader.read(xml, root: "domain").first("devices", "tpm") != nil
    }
}
