internal import CLibvirt
import ClusterModel
import HypervisorInterface

extension DomainHandle {
    /// Asks first whose job it is: libvirt would end a backup as readily.
    func abortMigration() throws(LibvirtFailure) {
        if let refusal = try (job()?.kind ?? .idle).refusal {
            throw .refused("\(refusal): nothing was ended")
        }
        try checked(use { virDomainAbortJob($0) })
    }

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
            // A daemon older than KEEP_TPM (8.9), or a driver that knows neither: safe only where
            // there is nothing of that kind.
            guard let kept = try? DomainXMLReader.keptFiles(xml()), !kept.tpm else { throw error }
            let flags = kept.variables ? VIR_DOMAIN_UNDEFINE_KEEP_NVRAM.rawValue : 0
            try checked(use { virDomainUndefineFlags($0, flags) })
        }
    }
}

extension DomainXMLReader {
    /// Which files has it that an undefine could take away? UEFI variables may be libvirt's own
    /// choice, where the XML only asks for the firmware.
    static func keptFiles(
        _ xml: String
    ) throws(MalformedXML) -> (variables: Bool, tpm: Bool) {
        let root = try MarkupReader.read(xml, root: "domain")
        let system = root.first("os")
        let isEFI = system?.attribute("firmware") == "efi"
        let variables = isEFI || ["nvram", "varstore"].contains { system?.first($0) != nil }
        return (variables, root.first("devices", "tpm") != nil)
    }
}
