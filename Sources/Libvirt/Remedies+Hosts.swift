extension Remedies {
    /// Cards, bridges and networks.
    static let network: [Entry] = [
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
            "no network with matching name",
            "the guest's network is not defined there: define it as it is on its host "
                + "(virsh net-dumpxml, net-define, net-start)"
        ),
        (
            "network*is not active",
            "the guest's network is not started there: virsh net-start, and net-autostart "
                + "for the next boot"
        ),
    ]

    /// The ways from this machine to a host, and from host to host.
    static let access: [Entry] = [
        (
            "REMOTE HOST IDENTIFICATION HAS CHANGED",
            "another machine answers under the host's name, or it was installed again: "
                + "compare its key with the host's own (ssh-keyscan; ssh-keygen -lf there), "
                + "then ssh-keygen -R HOST"
        ),
        (
            "Failed to connect to remote libvirt URI",
            "the source's daemon must reach the target's (ssh key and known_hosts of root, "
                + "or TLS certificates); --managed does not need that"
        ),
        (
            "Host key verification failed",
            "the host's ssh key is not in known_hosts of the user that connects: "
                + "connect once with ssh by hand, or distribute the keys"
        ),
        (
            "authentication failed",
            "the daemon there does not accept the login: look at its auth settings "
                + "(libvirtd.conf or virtqemud.conf), or use qemu+ssh://"
        ),
        (
            "polkit",
            "the user that logs in may not manage libvirt there: root may, and members of "
                + "the group libvirt"
        ),
        (
            "Authorization not available",
            "the user that logs in may not manage libvirt there: root may, and members of "
                + "the group libvirt"
        ),
        (
            "nc:*not found",
            "libvirt needs netcat on the host: install netcat-openbsd there, or add "
                + "?proxy=native to the URI"
        ),
        (
            "Permission denied",
            "ssh has no key that the host accepts, or the user may not open libvirt's socket "
                + "(group libvirt)"
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
            "Failed to connect to*:49",
            "a firewall closes the target's migration ports (49152 to 49215), or the "
                + "address is not that of its migration network"
        ),
        (
            "Connection refused",
            "libvirtd or sshd does not run there, or a firewall rejects the port"
        ),
        (
            "certificate*does not match the hostname",
            "the target's certificate is for another name: give the name in it as tlsName "
                + "of that host in the fleet file, or issue one for the name that is checked"
        ),
        (
            "certificate*owner does not match",
            "the certificate is for another name than the URI has: use that name in the "
                + "URI, or issue one for this name"
        ),
        (
            "certificate*expired",
            "a certificate has expired: issue a new one (openssl x509 -enddate -noout -in "
                + "FILE)"
        ),
        (
            "certificate*not activated",
            "a certificate is not valid yet: compare the clocks of both hosts"
        ),
        (
            "known issuer",
            "the certificate is of another authority than the one that is trusted here: put "
                + "its certificate into /etc/pki/CA/cacert.pem"
        ),
        (
            "allowed_dn_list",
            "the host accepts other clients only: add the name in this certificate to "
                + "tls_allowed_dn_list of its libvirtd.conf or virtproxyd.conf"
        ),
        (
            "/etc/pki/qemu",
            "the certificates for encrypted migrations are missing on that host: install "
                + "them in /etc/pki/qemu, or move without --tls"
        ),
        (
            "certificate",
            "the TLS certificates of libvirt are not set up on this machine: use "
                + "qemu+ssh://, or install them in /etc/pki"
        ),
        (
            "Failed to connect socket to*virtlogd-sock",
            "virtlogd does not run there: systemctl enable --now virtlogd.socket"
        ),
        (
            "Failed to connect socket to*virtlockd-sock",
            "virtlockd does not run there: systemctl enable --now virtlockd.socket"
        ),
        (
            "Failed to connect socket to*virtproxyd",
            "virtproxyd does not run there: systemctl enable --now virtproxyd.socket"
        ),
        (
            "Failed to connect socket to*virt*d-sock",
            "a daemon of libvirt does not run there: systemctl enable --now virtqemud.socket "
                + "virtnetworkd.socket virtstoraged.socket (or libvirtd.socket)"
        ),
        (
            "No such file or directory",
            "libvirtd does not run there, or a file that the domain needs is missing on the host"
        ),
        (
            "unable to resolve",
            "the host's name is misspelt, or not in DNS and /etc/hosts"
        ),
        (
            "Could not resolve hostname",
            "the host's name is misspelt, or not in DNS and /etc/hosts"
        ),
        (
            "No route to host",
            "the host is down, or its network is"
        ),
        (
            "keepalive timeout",
            "the host did not answer for half a minute: it is overloaded, or its link is; "
                + "see also max_clients and max_workers in libvirtd.conf"
        ),
        (
            "timed out",
            "the host is down, or a firewall drops the packets"
        ),
        (
            "transport in URL not recognised",
            "the URI's scheme is misspelt: qemu+ssh://root@host/system"
        ),
        (
            "no connection driver",
            "the URI's scheme is misspelt: qemu+ssh://root@host/system"
        ),
    ]

    /// What may mean anything.
    static let others: [Entry] = [
        (
            "load of migration failed",
            "QEMU on the target does not understand what was sent: its log in "
                + "/var/log/libvirt/qemu says what; versions of QEMU differ, or a device of the "
                + "guest does"
        ),
        (
            "Unable to read from monitor",
            "QEMU ended there: its log in /var/log/libvirt/qemu says why"
        ),
        (
            "unexpectedly closed the monitor",
            "QEMU ended there: its log in /var/log/libvirt/qemu says why"
        ),
        (
            "unexpectedly failed",
            "QEMU gave the migration up: its log in /var/log/libvirt/qemu on both hosts "
                + "says why"
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
            "Cannot recv data",
            "the connection to a host broke: look at its link, and at max_clients in its "
                + "libvirtd.conf or sshd's MaxStartups"
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
            "Input/output error",
            "the storage does not answer as it should: look at journalctl -k on both hosts"
        ),
    ]
}
