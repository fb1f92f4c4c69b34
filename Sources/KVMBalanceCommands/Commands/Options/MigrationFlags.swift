import ArgumentParser
import ClusterModel
import Operations

/// virsh's words for how to migrate; each overrules the policy's.
struct MigrationFlags: ParsableArguments {
    @Flag(
        help: "Keep guests running while they move (the default); with --offline: where possible.")
    var live = false

    @Flag(
        help: """
            Move domains cold: running ones are shut down and started on the target; of stopped \
            ones only the definition moves. Without this flag or --unmovable no guest is shut down.
            """)
    var offline = false

    @Option(help: "With --offline: only these domains (comma-separated; * and ? match).")
    var offlineDomains: String?

    @Option(
        help: """
            With drain, for guests that cannot be moved at all: stay (the default), shutdown or \
            save until 'return' starts them again, or cold (moved shut down, where that is possible).
            """)
    var unmovable: UnmovableAction?

    @Option(help: "Seconds that a guest may take to shut down (default 120).")
    var shutdownTimeout: Int?

    @Flag(help: "Define the domain on the target (the default; changes nothing).")
    var persistent = false

    @Flag(help: "Undefine it on the source (the default; changes nothing).")
    var undefinesource = false

    @Flag(help: "Leave guests paused on the target.")
    var suspend = false

    @Flag(help: "Switch off libvirt's storage safety check. Guests can be corrupted.")
    var unsafe = false

    @Flag(help: "Not supported by QEMU: use --managed.")
    var direct = false

    @Flag(help: "The source's libvirtd drives the migration (the default where possible).")
    var p2p = false

    @Flag(help: "kvmbalance drives the migration: for hosts that cannot reach each other.")
    var managed = false

    @Flag(help: "Send memory through libvirtd's connection.")
    var tunnelled = false

    @Flag(
        name: .customLong("copy-storage-all"),
        help: "Copy disks on local storage too, while the guest runs.")
    var copyStorageAll = false

    @Flag(
        name: .customLong("copy-storage-inc"),
        help: "Like --copy-storage-all, but only the overlay; the target must have the base image.")
    var copyStorageInc = false

    @Flag(help: "Leave copied images on the source when the guest runs on the target.")
    var keepImages = false

    @Flag(help: "Compress memory (see --comp-methods).")
    var compressed = false

    @Option(name: .customLong("comp-methods"), help: "mt or xbzrle (the default).")
    var compressionMethod: MigrationCompression.Method?

    @Option(name: .customLong("comp-mt-level"), help: "Level of mt, 0 to 9.")
    var compressionLevel: Int?

    @Option(name: .customLong("comp-mt-threads"), help: "Threads that compress, for mt.")
    var compressionThreads: Int?

    @Option(name: .customLong("comp-mt-dthreads"), help: "Threads that decompress, for mt.")
    var decompressionThreads: Int?

    @Option(name: .customLong("comp-xbzrle-cache"), help: "Bytes of page cache, for xbzrle.")
    var compressionCache: Int64?

    @Option(name: .customLong("postcopy-bandwidth"), help: "MiB/s in the post-copy phase.")
    var postcopyBandwidth: Int?

    @Flag(
        name: .customLong("auto-converge"),
        help: "Slow the guest down if it rewrites its memory too fast.")
    var autoConverge = false

    @Flag(help: "Allow post-copy.")
    var postcopy = false

    @Option(help: "Number of parallel connections.")
    var parallel: Int?

    @Flag(help: "Encrypt the memory stream (certificates in /etc/pki/qemu on both hosts).")
    var tls = false

    @Option(help: "Bandwidth limit of each migration, MiB/s.")
    var bandwidth: Int?

    @Option(help: "Seconds after which a migration is aborted.")
    var timeout: Int?

    @Option(help: "Raised limit, MiB/s, for a migration that does not converge (with --bandwidth).")
    var maxBandwidth: Int?

    @Option(help: "Largest downtime, ms, for a migration that does not converge (default 500).")
    var maxDowntime: Int?

    @Option(
        help: """
            Action for a migration that does not converge: abort (the default), wait, post-copy or \
            suspend.
            """)
    var whenStuck: MigrationOptions.WhenStuck?

    func validate() throws {
        if direct && !p2p {
            throw ValidationError(
                "--direct: \(MigrationRules.direct). Use --p2p (the default) or --managed.")
        }
        if offlineDomains != nil && !offline {
            throw ValidationError("--offline-domains needs --offline.")
        }
        if p2p && managed { throw ValidationError("--p2p and --managed exclude each other.") }
        // The policy may have set more, such as what a word alone needs: that is looked at once
        // both are known.
        let broken = MigrationRules.broken(by: applied(to: MigrationOptions()))
        if let rule = broken.first(where: { $0.words.count > 1 }) {
            throw ValidationError(rule.text(in: .commandLine))
        }
        for (name, value, range) in [
            ("parallel", parallel, MigrationRange.parallel),
            ("bandwidth", bandwidth, MigrationRange.bandwidth),
            ("timeout", timeout, MigrationRange.timeout),
            ("shutdown-timeout", shutdownTimeout, MigrationRange.shutdown),
            ("postcopy-bandwidth", postcopyBandwidth, MigrationRange.bandwidth),
            ("max-bandwidth", maxBandwidth, MigrationRange.bandwidth),
            ("max-downtime", maxDowntime, MigrationRange.downtime),
            ("comp-mt-level", compressionLevel, 0...9),
            ("comp-mt-threads", compressionThreads, MigrationRange.parallel),
            ("comp-mt-dthreads", decompressionThreads, MigrationRange.parallel),
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
        options.maxBandwidth = maxBandwidth ?? options.maxBandwidth
        options.maxDowntimeMilliseconds =
            maxDowntime.map { Int64($0) } ?? options.maxDowntimeMilliseconds
        options.whenStuck = whenStuck ?? options.whenStuck
        applyWays(to: &options)
        return options
    }

    private func applyWays(to options: inout MigrationOptions) {
        if copyStorageAll { options.copyStorageAll = ["*"] }
        if copyStorageInc { options.copyStorageInc = ["*"] }
        if live, !offline { options.offline = nil }
        if offline {
            options.offline =
                offlineDomains.map {
                    $0.split(separator: ",").map(String.init)
                } ?? ["*"]
            options.prefersLive = live
        }
        if let unmovable {
            options.unmovable = UnmovableRules(unmovable, rules: options.unmovable?.rules ?? [])
        }
        options.shutdownSeconds = shutdownTimeout ?? options.shutdownSeconds
        if keepImages { options.keepsImages = true }
        options.postcopyBandwidth = postcopyBandwidth ?? options.postcopyBandwidth
        guard compressed || compressionMethod != nil || tunesCompression else { return }
        options.compression = MigrationCompression(
            compressionMethod ?? .xbzrle, level: compressionLevel, threads: compressionThreads,
            decompressionThreads: decompressionThreads,
            cache: compressionCache.map { Bytes($0) })
    }

    private var tunesCompression: Bool {
        compressionLevel != nil || compressionThreads != nil || decompressionThreads != nil
            || compressionCache != nil
    }
}

extension UnmovableAction: ExpressibleByArgument {}
extension MigrationCompression.Method: ExpressibleByArgument {}
extension MigrationOptions.WhenStuck: ExpressibleByArgument {}
