internal import CLibvirt
import HypervisorInterface

extension HypervisorError {
    /// What helps against the errors that are met in practice, found by libvirt's words: its
    /// codes are too general. The first that fits.
    static func remedy(for failure: LibvirtFailure) -> String? {
        if failure.has(VIR_ERR_MIGRATE_UNSAFE) {
            return "a disk is on storage that libvirt does not know to be shared, or is cached "
                + "by the host: put it on shared storage, or set cache='none'"
        }
        let message = failure.message.lowercased()
        if meansFile(failure) { return fileAdvice }
        let found = Remedies.all.first { entry in
            entry.words.split(separator: "*").allSatisfy { message.contains($0.lowercased()) }
        }
        return found?.advice
    }

    /// "Permission denied" is ssh's, a socket's or a file's. QEMU and libvirt name the file; ssh
    /// puts in brackets how one could log in.
    private static func meansFile(_ failure: LibvirtFailure) -> Bool {
        let message = failure.message
        return message.contains("Permission denied") && !message.contains("Permission denied (")
            && [
                "Could not open", "Could not reopen", "storage file", "cannot open file", "as uid:",
                "could not open",
            ]
            .contains(where: message.contains)
    }

    private static let fileAdvice =
        "the file's owner or mode keeps QEMU out there: compare 'ls -ln' of the file with the "
        + "user that QEMU runs as (user in /etc/libvirt/qemu.conf; give it one uid on all hosts), "
        + "and look for root_squash on the storage and for AppArmor or SELinux (journalctl -k)"
}
