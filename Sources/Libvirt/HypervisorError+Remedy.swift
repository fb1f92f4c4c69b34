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

    /// A `*` stands for anything between two parts. What tells more comes before what may mean
    /// anything.
    private static let remedies: [(words: String, advice: String)] = [
        (
            "Address already in use",
            "a console or serial port that was given to the guest is taken on the target (virsh "
                + "domdisplay shows whose): give it autoport='yes' or another port (virsh edit), "
                + "and restart it"
        ),
        (
            "Failed to find an available port",
            "the target has no console port left in its range (remote_display_port_min and _max in "
                + "/etc/libvirt/qemu.conf)"
        ),
        (
            "Cannot get interface MTU",
            "the bridge that the guest's card is on does not exist there: create it, or give its "
                + "name on that host under interfaces in the policy"
        ),
        (
            "Unable to add bridge",
            "the bridge of that name there is not of the kind that the guest's card asks for: a "
                + "card for Open vSwitch has <virtualport type='openvswitch'/>, one for a Linux "
                + "bridge has not"
        ),
        (
            "Unable to add port*to OVS bridge",
            "Open vSwitch has no bridge of that name there ('ovs-vsctl show' lists them): create "
                + "it, or give its name on that host under interfaces in the policy"
        ),
        (
            "Unable to get index for interface",
            "the device that the guest's macvtap card is on does not exist there: give its name on "
                + "that host under interfaces in the policy"
        ),
        (
            "Network filter not found",
            "a network filter of the guest is not defined there: virsh nwfilter-dumpxml on its "
                + "host, virsh nwfilter-define there"
        ),
        (
            "referenced filter*is missing",
            "a network filter of the guest is not defined there: virsh nwfilter-dumpxml on its "
                + "host, virsh nwfilter-define there"
        ),
        (
            "must be in range [1, 10000]",
            "the target has cgroup v2, which takes 1 to 10000 CPU shares: give the guest a number "
                + "in that range on its host (virsh schedinfo --set cpu_shares=…)"
        ),
        (
            ".partition",
            "the guest's resource partition does not exist there: make its control group first, or "
                + "take <resource> out of its definition"
        ),
        (
            "already exists with uuid",
            "another domain has this name there: rename or undefine one of them (virsh domrename, "
                + "virsh undefine)"
        ),
        (
            "cannot set up guest memory",
            "the host has no memory left for this guest: free some there, or exclude the host "
                + "('kvmbalance hosts disable')"
        ),
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
            "the target's URI (peerURI in the fleet file) leads back to the source; or both hosts "
                + "have the same UUID: set host_uuid in libvirtd.conf or virtqemud.conf of one"
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
            "Certificate does not match the hostname",
            "the target's certificate is for another name: give the name in it as tlsName of that "
                + "host in the fleet file, or issue one for the name that is checked"
        ),
        (
            "certificate",
            "the TLS certificates of libvirt are not set up on this machine: use "
                + "qemu+ssh://, or install them in /etc/pki"
        ),
        (
            "Failed to connect socket to*virt*d-sock",
            "a daemon of libvirt does not run there: systemctl enable --now virtqemud.socket "
                + "virtnetworkd.socket virtstoraged.socket (or libvirtd.socket)"
        ),
        (
            "Cannot check QEMU binary",
            "the domain's QEMU has another path there: install it under the same path, or take "
                + "<emulator> out of the domain (virsh edit), so that each host uses its own"
        ),
        (
            "Unable to find*swtpm",
            "install swtpm and swtpm-tools there: the domain has an emulated TPM"
        ),
        (
            "lock*migration cookie",
            "set the same lock_manager in /etc/libvirt/qemu.conf on both hosts, and restart "
                + "libvirtd or virtqemud"
        ),
        (
            "Source host lock driver",
            "set the same lock_manager in /etc/libvirt/qemu.conf on both hosts, and restart "
                + "libvirtd or virtqemud"
        ),
        (
            "Could not open*/usr/share/",
            "the domain's firmware is missing there: install the package that has this file"
        ),
        (
            "Unable to find any firmware",
            "the domain's firmware is missing there: install the firmware package that the source "
                + "has"
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
            "doesn't match specification: extra features",
            "the target's QEMU gives the guest features that it was started without: versions of "
                + "libvirt or QEMU differ. Send it to a host with the source's version, or restart "
                + "the guest after the upgrade"
        ),
        (
            "does not provide required features",
            "the target's CPU lacks features of the guest's: give it a CPU model that both have "
                + "(virsh hypervisor-cpu-baseline) at its next start"
        ),
        (
            "Requested TSC frequency",
            "the target's CPU cannot give the guest its time stamp counter: send it to a host with "
                + "TSC scaling, or drop the tsc timer's frequency at the domain's next start"
        ),
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
