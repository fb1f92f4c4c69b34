/// What helps against an error, by libvirt's and QEMU's words. The first that fits counts: what
/// tells more comes before what may mean anything. A `*` stands for other words in between.
///
/// Source: messages of libvirt 9.0 and QEMU 7.2 to 10.0, and reports of users.
enum Remedies {
    typealias Entry = (words: String, advice: String)

    static let all: [Entry] = guest + storage + network + access + others

    /// What the guest asks of QEMU and of its host.
    private static let guest: [Entry] = [
        (
            "Failed to get*write*lock",
            "another process has the image open, perhaps the guest itself on another host: "
                + "find out where it runs (kvmbalance status; virsh list on each host) before "
                + "anything is started"
        ),
        (
            "Failed to find an available port",
            "the target has no console port left in its range (remote_display_port_min and _max in "
                + "/etc/libvirt/qemu.conf)"
        ),
        (
            "Unable to find an unused port in range*VNC",
            "the target has no console port left in its range (remote_display_port_min and "
                + "_max in /etc/libvirt/qemu.conf)"
        ),
        (
            "Unable to find an unused port in range*migration",
            "too many migrations come to the target at once: its ports are 49152 to 49215 "
                + "(migration_port_min and _max in /etc/libvirt/qemu.conf)"
        ),
        (
            "-incoming*Address already in use",
            "the port of the migration is taken on the target: 'ss -tlnp' there shows by "
                + "whom; libvirt takes 49152 to 49215 (migration_port_min and _max in "
                + "/etc/libvirt/qemu.conf)"
        ),
        (
            "nbd-server-start*Address already in use",
            "the port for the disks is taken on the target: 'ss -tlnp' there shows by whom; "
                + "libvirt takes 49152 to 49215 (migration_port_min and _max in "
                + "/etc/libvirt/qemu.conf)"
        ),
        (
            "Address already in use",
            "a console or serial port that was given to the guest is taken on the target (virsh "
                + "domdisplay shows whose): give it autoport='yes' or another port (virsh edit), "
                + "and restart it"
        ),
        (
            "Cannot assign requested address",
            "an address that the guest's console listens on, or the migrationAddress of the "
                + "target, is none of the target's: 'ip addr' there shows what it has"
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
            "unable to map backing store",
            "the target has too few free huge pages in the cells that the guest is bound to"
        ),
        (
            "Insufficient free host memory pages",
            "the target has too few free huge pages: 'virsh freepages --all' shows them, "
                + "'virsh allocpages' sets more aside"
        ),
        (
            "hugetlbfs",
            "the target has no huge pages of the size that the guest uses: set some aside "
                + "and mount them (virsh allocpages; hugetlbfs_mount in /etc/libvirt/qemu.conf)"
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
            "swtpm",
            "swtpm did not start there: its log in /var/log/swtpm/libvirt/qemu says why; "
                + "its state folder /var/lib/libvirt/swtpm belongs to the user swtpm"
        ),
        (
            "doesn't match specification*missing features",
            "the target's CPU lacks features of the guest's: give it a CPU model that both "
                + "have (virsh hypervisor-cpu-baseline) at its next start"
        ),
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
            "KVM kernel module",
            "KVM cannot be used there: load its module (modprobe kvm_intel or kvm_amd; "
                + "virt-host-validate), and let QEMU's user open /dev/kvm (group kvm)"
        ),
        (
            "/dev/vfio",
            "QEMU may not open the device there: bind it to vfio-pci, and raise the limit "
                + "of locked memory"
        ),
        (
            "cgroup*Permission denied",
            "libvirt may not write the control groups there: it must run as a service of "
                + "systemd, with Delegate=yes"
        ),
        (
            "Userfaultfd",
            "post-copy needs userfaultfd on the target: sysctl "
                + "vm.unprivileged_userfaultfd=1, or move it without post-copy"
        ),
        (
            "Unable to find security driver",
            "the target has no security driver of the guest's kind (SELinux, AppArmor): set "
                + "the same security_driver in /etc/libvirt/qemu.conf on both hosts"
        ),
        (
            "apparmor*profile",
            "AppArmor cannot load the guest's profile there: aa-status and journalctl -k "
                + "say why; virt-aa-helper must be installed"
        ),
        (
            "cannot acquire state change lock",
            "another job works on this domain: wait for it, or look with virsh domjobinfo"
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
            "active block job",
            "a job works on one of its disks: wait for it (virsh blockjob), or end it"
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
    ]

    /// Disks, pools and secrets.
    private static let storage: [Entry] = [
        (
            "no secret with matching",
            "define the secret on the target too, with its value: virsh secret-define and "
                + "secret-set-value"
        ),
        (
            "no storage pool with matching",
            "the guest's pool is not defined there: define it as it is on its host (virsh "
                + "pool-dumpxml, pool-define, pool-start)"
        ),
        (
            "storage pool*is not active",
            "the guest's pool is not started there: virsh pool-start, and pool-autostart "
                + "for the next boot"
        ),
        (
            "No space left on device",
            "a file system is full: 'df -h' on both hosts shows which"
        ),
        (
            "Stale file handle",
            "the storage was unmounted or exported again under the guest's host: mount it "
                + "again there"
        ),
    ]
}
