import CLibvirt
import ClusterModel
import HypervisorInterface
import Testing

@testable import Libvirt

@Suite("libvirt's errors and what they mean")
struct HypervisorErrorTests {
    private let context = CallContext(operation: "migrate to b", host: "a", domain: "d")

    private func error(
        _ code: virErrorNumber, _ message: String = "m", connection: Bool = false
    ) -> HypervisorError {
        HypervisorError(
            LibvirtFailure(
                code: Int(code.rawValue), origin: 10, message: message,
                isConnectionFailure: connection), context)
    }

    @Test("Codes become kinds")
    func kinds() {
        #expect(error(VIR_ERR_NO_DOMAIN).kind == .noDomain)
        #expect(error(VIR_ERR_MIGRATE_UNSAFE).kind == .unsafe)
        #expect(error(VIR_ERR_OPERATION_ABORTED).kind == .aborted)
        #expect(error(VIR_ERR_CPU_INCOMPATIBLE).kind == .incompatible)
        #expect(error(VIR_ERR_CONFIG_UNSUPPORTED).kind == .incompatible)
        #expect(error(VIR_ERR_NO_NETWORK).kind == .incompatible)
        #expect(error(VIR_ERR_NO_SUPPORT).kind == .unsupported)
        #expect(error(VIR_ERR_ARGUMENT_UNSUPPORTED).kind == .unsupported)
        #expect(error(VIR_ERR_AUTH_FAILED).kind == .denied)
        #expect(error(VIR_ERR_ACCESS_DENIED).kind == .denied)
        #expect(error(VIR_ERR_OPERATION_DENIED).kind == .denied)
        #expect(error(VIR_ERR_OPERATION_FAILED).kind == .failed)
        #expect(error(VIR_ERR_INTERNAL_ERROR).kind == .failed)
    }

    @Test("SYSTEM_ERROR is unreachable only when it is our own connection")
    func connection() {
        let refused = "unable to connect to server at 'b:49152': Connection refused"
        #expect(error(VIR_ERR_SYSTEM_ERROR, refused).kind == .failed)
        #expect(error(VIR_ERR_SYSTEM_ERROR, refused, connection: true).kind == .unreachable)
        #expect(
            error(VIR_ERR_RPC, "client socket is closed", connection: true).kind == .unreachable)
    }

    @Test("Permission denied: by ssh, by the socket, or to a file on the target")
    func denied() {
        let ssh = "Cannot recv data: root@b: Permission denied (publickey)."
        #expect(error(VIR_ERR_SYSTEM_ERROR, ssh, connection: true).kind == .denied)
        let socket = "Failed to connect socket to '/run/x': Permission denied"
        #expect(error(VIR_ERR_SYSTEM_ERROR, socket, connection: true).kind == .denied)
        let file = "internal error: Could not open '/d.qcow2': Permission denied"
        #expect(error(VIR_ERR_INTERNAL_ERROR, file).kind == .failed)
    }

    @Test("Refusals of a target that come with a general code")
    func incompatible() {
        for message in [
            "operation failed: guest CPU doesn't match specification: missing features: vmx",
            "internal error: qemu unexpectedly closed the monitor: unsupported machine type 'pc-9'",
            "internal error: cannot set up guest memory 'pc.ram': Cannot allocate memory",
            "Cannot get interface MTU on 'br7': No such device",
            "internal error: Source host lock driver lockd different from target nop",
            "Cannot check QEMU binary /usr/bin/kvm: No such file or directory",
        ] {
            #expect(error(VIR_ERR_INTERNAL_ERROR, message).kind == .incompatible, "\(message)")
        }
    }

    /// What libvirt 9.0.0 said (seen in the lab, or in its source), and a word of the remedy.
    static let advised = [
        (
            "Cannot recv data: Host key verification failed.: Connection reset by peer",
            "known_hosts"
        ),
        ("unable to connect to server at '10.77.0.99:49152': No route to host", "49152 to 49215"),
        ("unable to connect to server at '10.77.0.254:16509': Connection refused", "libvirtd or"),
        ("Unable to resolve address 'host9' service '16509': Name or service", "misspelt"),
        ("hostname on destination resolved to localhost, but migration requires", "migrationAddr"),
        ("Attempt to migrate guest to the same host 8613ceca", "host_uuid"),
        ("Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file or", "certificates"),
        ("Failed to connect socket to '/run/libvirt/sock': No such file or directory", "not run"),
        ("Timed out during operation: cannot acquire state change lock", "domjobinfo"),
        (
            "internal error: process exited while connecting to monitor: qemu-system-x86_64: "
                + "cannot set up guest memory 'pc.ram': Cannot allocate memory", "no memory left"
        ),
        ("internal error: process exited while connecting to monitor: qemu", "/var/log/libvirt"),
        ("End of file while reading data: : Input/output error", "ended in the middle"),
        ("internal error: client socket is closed", "the target's libvirtd"),
        ("Attempt to migrate guest to the same host 8613ceca", "peerURI"),
        ("Cannot check QEMU binary /usr/bin/kvm: No such file or directory", "<emulator>"),
        (
            "Failed to connect socket to '/var/run/libvirt/virtnetworkd-sock': No such file or "
                + "directory", "virtnetworkd.socket"
        ),
        ("internal error: Source host lock driver lockd different from target nop", "lock_manager"),
        ("internal error: Missing sanlock lock state for migration cookie", "lock_manager"),
        ("Unable to find 'swtpm' binary in $PATH", "install swtpm"),
        (
            "internal error: qemu unexpectedly closed the monitor: Could not open "
                + "'/usr/share/OVMF/OVMF_CODE_4M.fd': No such file or directory", "firmware"
        ),
        (
            "job 'migration out' failed: Certificate does not match the hostname 10.20.0.2",
            "tlsName"
        ),
        (
            "operation failed: guest CPU doesn't match specification: extra features: ht",
            "started without"
        ),
        (
            "operation failed: guest CPU doesn't match specification: missing features: xsave,avx",
            "lacks features"
        ),
        (
            "the CPU is incompatible with host CPU: Host CPU does not provide required features: "
                + "hle, rtm", "virsh hypervisor-cpu-baseline"
        ),
        (
            "Requested TSC frequency 2500000000 Hz is outside tolerance range", "TSC scaling"
        ),
        (
            "internal error: process exited while connecting to monitor: qemu-system-x86_64: -vnc "
                + "127.0.0.1:1: Failed to bind socket: Address already in use", "autoport='yes'"
        ),
        ("Cannot get interface MTU on 'ovsbr0': No such device", "under interfaces"),
        ("Unable to add bridge br0 port vnet4: Operation not supported", "virtualport"),
        ("Unable to add port vnet4 to OVS bridge ovsbr0", "ovs-vsctl show"),
        ("Unable to get index for interface eno7: No such device", "macvtap"),
        ("Network filter not found: no nwfilter with matching name 'x'", "nwfilter-define"),
        ("invalid argument: shares '20480' must be in range [1, 10000]", "cgroup v2"),
        (
            "Failed to create v2 cgroup '/sys/fs/cgroup/machine/prod.partition/': No such file or "
                + "directory", "resource partition"
        ),
        (
            "operation failed: domain 'web1' already exists with uuid e694aa37-abf2", "domrename"
        ),
        (
            "Secret not found: no secret with matching uuid '6f1d9c1e-0c3e-4a52-8f67-1f3f0a1c2d3e'",
            "secret-set-value"
        ),
        // A file's owner, which ssh keys have nothing to do with.
        (
            "internal error: process exited while connecting to monitor: qemu-system-x86_64: "
                + "-blockdev {...}: Could not open '/srv/vms/web1.qcow2': Permission denied",
            "root_squash"
        ),
        (
            "Cannot access storage file '/srv/vms/web1.qcow2' (as uid:107, gid:107): Permission "
                + "denied", "ls -ln"
        ),
        ("Could not reopen file: Permission denied", "uid on all hosts"),
        ("Cannot recv data: root@b: Permission denied (publickey).", "ssh has no key"),
        ("Failed to connect socket to '/run/libvirt/x': Permission denied", "group libvirt"),
        // What says more comes before what is general.
        ("Could not access KVM kernel module: Permission denied", "/dev/kvm"),
        ("failed to open /dev/vfio/12: Permission denied", "vfio-pci"),
        (
            "operation failed: Failed to connect to remote libvirt URI qemu+ssh://root@b/system: "
                + "Cannot recv data: Host key verification failed.", "root"
        ),
        ("Cannot recv data: REMOTE HOST IDENTIFICATION HAS CHANGED!", "ssh-keygen -R"),
        ("Cannot recv data: sh: 1: nc: not found: Connection reset by peer", "proxy=native"),
        (
            "Certificate [session] owner does not match the hostname host2", "another name"
        ),
        ("The server certificate /etc/pki/CA/cacert.pem has expired", "issue a new one"),
        ("Certificate check failed Certificate [session] hasn't got a known issuer", "authority"),
        (
            "Distinguished Name is not on the list of allowed clients: tls_allowed_dn_list",
            "tls_allowed_dn_list"
        ),
        (
            "Failed to connect socket to '/var/run/libvirt/virtlogd-sock': No such file",
            "virtlogd.socket"
        ),
        (
            "unable to execute QEMU command 'nbd-server-start': Failed to bind socket: Address "
                + "already in use", "49152"
        ),
        (
            "qemu-system-x86_64: -vnc 127.0.0.1:0,to=0: Failed to find an available port: Address "
                + "already in use", "remote_display_port_min"
        ),
        ("Unable to find an unused port in range 'migration' (49152-49215)", "migration_port_min"),
        (
            "guest CPU doesn't match specification: extra features: ht, missing features: xsave",
            "lacks"
        ),
        ("Failed to connect to '10.0.0.2:49153': No route to host", "firewall"),
        (
            "process exited while connecting to monitor: -blockdev {...}: Failed to get \"write\" "
                + "lock", "another process has the image"
        ),
        ("Network not found: no network with matching name 'lan'", "net-define"),
        ("Requested operation is not valid: network 'lan' is not active", "net-start"),
        ("Storage pool not found: no storage pool with matching name 'vms'", "pool-define"),
        ("Requested operation is not valid: storage pool 'vms' is not active", "pool-start"),
        ("error: load of migration failed: Invalid argument", "does not understand"),
        ("Unable to read from monitor: Connection reset by peer", "/var/log/libvirt/qemu"),
        ("operation failed: migration out job: unexpectedly failed", "/var/log/libvirt/qemu"),
        ("Unable to find security driver for model selinux", "security_driver"),
        ("internal error: Could not run '/usr/bin/swtpm_setup'. exitstatus: 1", "/var/log/swtpm"),
        ("Failed to bind socket: Cannot assign requested address", "ip addr"),
        ("internal error: Insufficient free host memory pages", "allocpages"),
        ("internal error: connection closed due to keepalive timeout", "overloaded"),
        ("authentication failed: authentication failed", "qemu+ssh"),
        ("Userfaultfd not available: Operation not permitted", "unprivileged_userfaultfd"),
        ("cannot write data to file: No space left on device", "df -h"),
    ]

    @Test("A target that has more than the guest is not said to have less")
    func extraFeatures() {
        let more = "operation failed: guest CPU doesn't match specification: extra features: ht"
        #expect(error(VIR_ERR_OPERATION_FAILED, more).remedy?.contains("lacks") == false)
    }

    @Test("The common cases have a remedy", arguments: advised)
    func remedies(_ example: (message: String, word: String)) {
        let remedy = error(VIR_ERR_SYSTEM_ERROR, example.message).remedy
        #expect(remedy?.contains(example.word) == true, "\(remedy ?? "none")")
    }

    @Test("An unsafe migration has a remedy whatever its words; an unknown error has none")
    func remedyByCode() {
        #expect(error(VIR_ERR_MIGRATE_UNSAFE).remedy?.contains("shared storage") == true)
        #expect(error(VIR_ERR_INTERNAL_ERROR, "something else").remedy == nil)
    }

    @Test("The description has operation, object, host, values and remedy")
    func description() {
        let text = "\(error(VIR_ERR_NO_DOMAIN, "Domain not found"))"
        #expect(
            text == "migrate to b of domain 'd' on a: Domain not found (libvirt error 42)")
    }

    @Test("A late answer says whether the call may still take effect")
    func overdue() {
        let begun = HypervisorError(overdueAfter: .seconds(10), wasBegun: true, context)
        #expect(begun.kind == .timeout)
        #expect(begun.remedy?.contains("may still take effect") == true)
        let waiting = HypervisorError(overdueAfter: .milliseconds(1500), wasBegun: false, context)
        #expect(waiting.message == "no answer within 1500 ms; it was not started and will not be")
    }

    private func failure(
        _ code: virErrorNumber, _ origin: virErrorDomain, _ message: String
    ) -> LibvirtFailure {
        LibvirtFailure(
            code: Int(code.rawValue), origin: Int(origin.rawValue), message: message)
    }

    @Test("Only a target's libvirtd that the source cannot reach sends us the other way")
    func route() {
        func means(_ message: String, _ peerURI: String = "qemu+tcp://b/system") -> Bool {
            failure(VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, message).meansUnreachablePeer(peerURI)
        }
        #expect(means("Unable to resolve address 'nowhere' service '16509': Temporary failure"))
        #expect(means("Cannot recv data: Host key verification failed.: Connection reset by peer"))
        #expect(means("unable to connect to server at 'b:16509': Connection refused"))
        #expect(!means("unable to connect to server at 'b:49152': Connection refused"))
        let refused = "unable to connect to server at 'b:1': Connection refused"
        #expect(means(refused, "qemu+tcp://b:1/system") && !means(refused))
        #expect(!means("Lost connection to destination host"))
        #expect(!means("Cannot recv data: Connection reset by peer"))
        #expect(means("Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file"))
    }

    @Test("What QEMU says of certificates once a migration has begun is not about the daemons")
    func certificates() {
        let words =
            "internal error: unable to execute QEMU command 'migrate': Unable to verify "
            + "peer certificate: The certificate is not trusted"
        for origin in [VIR_FROM_QEMU, VIR_FROM_CRYPTO, VIR_FROM_NONE] {
            #expect(
                !failure(VIR_ERR_INTERNAL_ERROR, origin, words)
                    .meansUnreachablePeer("qemu+tls://b/system"))
        }
        let daemon =
            "Failed to connect to remote libvirt URI qemu+tls://b/system: Cannot read CA "
            + "certificate"
        #expect(
            failure(VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, daemon)
                .meansUnreachablePeer("qemu+tls://b/system"))
        #expect(
            !failure(VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, daemon)
                .meansUnreachablePeer("qemu+tls://b/system"))
    }

    @Test("A hiccup of our own connection is not the peers'")
    func ownConnection() {
        let words = "Cannot recv data: ssh: connect to host a port 22: Connection refused"
        var found = failure(VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, words)
        found.blamesPeer = found.meansUnreachablePeer("qemu+ssh://b/system")
        #expect(HypervisorError(found, context).kind == .peerUnreachable)
        found.isConnectionFailure = true
        #expect(HypervisorError(found, context).kind == .unreachable)
    }

    /// It goes to terminals, logs, the journal and the database.
    @Test("What a daemon says is one line of at most a kibibyte")
    func bounded() {
        let error = HypervisorError(
            kind: .failed, operation: "look", host: "host1",
            message: "qemu ended:\nfake\u{9B}" + String(repeating: "x", count: 1 << 22))
        #expect(error.message.hasPrefix("qemu ended: / fake\\u{9b}xxx"))
        #expect(error.message.utf8.count <= 1024)
        #expect(!error.description.contains { $0.isNewline })
    }
}
