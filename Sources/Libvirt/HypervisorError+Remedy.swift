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
        let found = remedies.first { entry in
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
            ]
            .contains(where: message.contains)
    }

    private static let fileAdvice =
        "the file's owner or mode keeps QEMU out there: compare 'ls -ln' of the file with the "
        + "user that QEMU runs as (user in /etc/libvirt/qemu.conf; give it one uid on all hosts), "
        + "and look for root_squash on the storage and for AppArmor or SELinux (journalctl -k)"

    /// A `*` stands for anything between two parts.
    private static let remedies: [(words: String, advice: String)] = [
        (
            "Host key verification failed",
            "the host's ssh key is not in known_hosts of the user that connects: "
                + "connect once with ssh by hand, or distribute the keys"
        ),
        (
            "Permission denied",
            "ssh has no key that the host accepts, or the user may not open libvirt's socket "
                + "(group libvirt)"
        ),
        (
            "no secret with matching",
            "define the secret on the target too, with its value: virsh secret-define and "
                + "secret-set-value"
        ),
        (
            "hostname on destination resolved to localhost",
            "set the target's migrationAddress: its name is 127.0.x.1 in its /etc/hosts"
        ),
        (
            "Attempt to migrate guest to the same host",
            "both hosts have the same UUID: set host_uuid in libvirtd.conf of one of them"
        ),
        (
            "unable to connect to server at*:49",
            "a firewall closes the target's migration ports (49152 to 49215), or the address is "
                + "not that of its migration network"
        ),
        (
            "Failed to connect to remote libvirt URI",
            "the source's daemon must reach the target's (ssh key and known_hosts of root, "
                + "or TLS certificates); --managed does not need that"
        ),
        (
            "Connection refused",
            "libvirtd or sshd does not run there, or a firewall rejects the port"
        ),
        (
            "certificate",
            "the TLS certificates of libvirt are not set up on this machine: use "
                + "qemu+ssh://, or install them in /etc/pki"
        ),
        (
            "No such file or directory",
            "libvirtd does not run there, or a file that the domain needs is missing on the host"
        ),
        ("unable to resolve", "the host's name is misspelt, or not in DNS and /etc/hosts"),
        ("Could not resolve hostname", "the host's name is misspelt, or not in DNS and /etc/hosts"),
        ("No route to host", "the host is down, or its network is"),
        (
            "cannot acquire state change lock",
            "another job works on this domain: wait for it, or look with virsh domjobinfo"
        ),
        ("timed out", "the host is down, or a firewall drops the packets"),
        (
            "doesn't match specification",
            "the target's CPU lacks features of the guest's: use a CPU model that both have"
        ),
        (
            "unable to map backing store",
            "the target has too few free huge pages in the cells that the guest is bound to"
        ),
        (
            "Cannot allocate memory",
            "the host has no memory left for this guest, or its libvirtd may not use more: free "
                + "some there, or exclude the host ('kvmbalance hosts disable')"
        ),
        (
            "process exited while connecting to monitor",
            "QEMU did not start there: its log in /var/log/libvirt/qemu says why"
        ),
        (
            "End of file while reading data",
            "a libvirtd or a QEMU ended in the middle, on this host or the other: see their logs"
        ),
        (
            "client socket is closed",
            "the target's libvirtd ended or its link broke in the middle: see its log"
        ),
        (
            "transport in URL not recognised",
            "the URI's scheme is misspelt: qemu+ssh://root@host/system"
        ),
        ("no connection driver", "the URI's scheme is misspelt: qemu+ssh://root@host/system"),
    ]
}
