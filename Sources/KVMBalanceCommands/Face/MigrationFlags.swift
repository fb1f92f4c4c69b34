import ArgumentParser
import ClusterModel

/// What a number about migrations may be, wherever it comes from.
enum MigrationRange {
    static let parallel = 1...255
    /// MiB/s.
    static let bandwidth = 1...1_000_000
    /// Seconds, up to a month.
    static let timeout = 1...2_678_400
    static let attempts = 1...10
    static let perHost = 1...64
    static let fleet = 1...10_000
}

/// virsh's words for how to migrate; each overrules the policy's.
struct MigrationFlags: ParsableArguments {
    @Flag(help: "Keep guests running while they move (the default, and the only way so far).")
    var live = false

    @Flag(help: "Move guests that were shut down first. Not available yet: never done silently.")
    var offline = false

    @Flag(help: "Define the domain on the target (always done for persistent domains).")
    var persistent = false

    @Flag(help: "Undefine it on the source (always done for persistent domains).")
    var undefinesource = false

    @Flag(help: "Leave guests paused on the target.")
    var suspend = false

    @Flag(help: "Switch off libvirt's storage safety check. Guests can be corrupted.")
    var unsafe = false

    @Flag(help: "virsh's --direct without --p2p: QEMU has no such route, use --managed.")
    var direct = false

    @Flag(help: "The source's daemon drives the migration (the default where it can).")
    var p2p = false

    @Flag(help: "This process drives the migration: for hosts that can not reach each other.")
    var managed = false

    @Flag(help: "Send memory through libvirtd's own connection.")
    var tunnelled = false

    @Flag(name: .customLong("copy-storage-all"), help: "Copy local disks too. Not available yet.")
    var copyStorageAll = false

    @Flag(name: .customLong("copy-storage-inc"), help: "Copy changed blocks. Not available yet.")
    var copyStorageInc = false

    @Flag(name: .customLong("auto-converge"), help: "Slow the guest down if it dirties too fast.")
    var autoConverge = false

    @Flag(help: "Allow post-copy.")
    var postcopy = false

    @Option(help: "Number of parallel connections.")
    var parallel: Int?

    @Flag(help: "Encrypt the memory stream (certificates in /etc/pki/qemu on both hosts).")
    var tls = false

    @Option(help: "MiB/s that each migration may use.")
    var bandwidth: Int?

    @Option(help: "Seconds after which a migration is aborted.")
    var timeout: Int?

    func validate() throws {
        if direct && !p2p {
            throw ValidationError(
                "--direct (a migration that the hypervisors do without libvirtd) does not exist for "
                    + "QEMU/KVM. Use --p2p (the default) or --managed.")
        }
        if offline || copyStorageAll || copyStorageInc {
            throw ValidationError(
                "--offline and --copy-storage-* are not available yet. Guests on local disks are "
                    + "listed as blocked; use 'virsh migrate' for them.")
        }
        if p2p && managed { throw ValidationError("--p2p and --managed exclude each other.") }
        if tunnelled && (managed || parallel != nil || postcopy || tls) {
            throw ValidationError(
                "--tunnelled needs --p2p and can not be combined with --parallel, --postcopy or "
                    + "--tls: libvirt refuses it. Use --tls without --tunnelled for encryption.")
        }
        if postcopy && suspend {
            throw ValidationError("--postcopy and --suspend exclude each other in libvirt.")
        }
        for (name, value, range) in [
            ("parallel", parallel, MigrationRange.parallel),
            ("bandwidth", bandwidth, MigrationRange.bandwidth),
            ("timeout", timeout, MigrationRange.timeout),
        ] {
            if let value, !range.contains(value) {
                throw ValidationError(
                    "--\(name) is \(value) but must be \(range.lowerBound) to "
                        + "\(range.upperBound).")
            }
        }
    }

    /// The policy's options with what was said on the command line on top.
    func applied(to options: MigrationOptions) -> MigrationOptions {
        var options = options
        if p2p { options.route = .peerToPeer }
        if managed { options.route = .managed }
        options.suspend = options.suspend || suspend
        options.unsafe = options.unsafe || unsafe
        options.tunnelled = options.tunnelled || tunnelled
        options.autoConverge = options.autoConverge || autoConverge
        options.postcopy = options.postcopy || postcopy
        options.tls = options.tls || tls
        options.parallel = parallel ?? options.parallel
        options.bandwidth = bandwidth ?? options.bandwidth
        options.timeoutSeconds = timeout ?? options.timeoutSeconds
        return options
    }
}
