/// Which ways to migrate exclude each other, in one table for command line, policy, saved plans and
/// the call to libvirt: what libvirt or QEMU would refuse is refused before anything starts.
///
/// Source: libvirt 9.0.0 `qemu_migration.c` (qemuMigrationSrcBeginPhase, …SrcPerformPeer2Peer,
/// …DstPrepareAny), `qemu_migration_params.c`, `libvirt-domain.c` (virDomainMigrate3); QEMU 7.2
/// `migration/migration.c` (migrate_caps_check).
package struct MigrationRule: Sendable {
    /// virsh's words that meet in it.
    package let words: [String]
    package let reason: String
    package let instead: String
    package let isBroken: @Sendable (MigrationOptions) -> Bool

    /// Where the words are written.
    package enum Place: Sendable { case commandLine, policy }

    package func text(in place: Place) -> String {
        let names = words.map { place == .policy ? "'migration.\($0)'" : "--\($0)" }
        let what =
            names.count == 1
            ? "\(names[0]) cannot be used"
            : names.dropLast().joined(separator: ", ") + " and \(names[names.count - 1]) "
                + "exclude each other"
        return "\(what): \(reason). Instead: \(instead)."
    }
}

/// The table, and who breaks what of it.
package enum MigrationRules {
    package static func broken(by options: MigrationOptions) -> [MigrationRule] {
        table.filter { $0.isBroken(options) }
    }

    /// Why virsh's `--direct` (without `--p2p`) is nothing for us.
    package static let direct =
        "a migration that the hypervisors do among themselves, without libvirtd, does not exist "
        + "for QEMU/KVM"

    package static let table: [MigrationRule] = tunnel + phases + copies + compressions + limits

    private static let tunnel: [MigrationRule] = [
        rule(
            ["tunnelled", "managed"],
            "the tunnel goes from daemon to daemon (virDomainMigrate3 takes no TUNNELLED)",
            "tunnelled with p2p, or managed with tls"
        ) { $0.tunnelled && $0.route == .managed },
        rule(
            ["tunnelled", "parallel"],
            "a tunnel is one connection through libvirtd, multifd needs its own",
            "parallel with tls"
        ) { $0.tunnelled && $0.parallel != nil },
        rule(
            ["tunnelled", "postcopy"],
            "post-copy requests pages from the source, and a tunnel carries data one way only",
            "postcopy with tls"
        ) { $0.tunnelled && $0.mayEndInPostcopy },
        rule(
            ["tunnelled", "tls"],
            "QEMU's own encryption needs its own connection, and libvirtd's is encrypted "
                + "already where its URI is", "tls without tunnelled"
        ) { $0.tunnelled && $0.tls },
        rule(
            ["tunnelled", "copy-storage-all"],
            "disks are copied over NBD, which a tunnel does not carry",
            "copy-storage-all with tls"
        ) { $0.tunnelled && $0.copyStorageAll != nil },
        rule(
            ["tunnelled", "copy-storage-inc"],
            "disks are copied over NBD, which a tunnel does not carry",
            "copy-storage-inc with tls"
        ) { $0.tunnelled && $0.copyStorageInc != nil },
        rule(
            ["tunnelled", "offline"],
            "a domain that does not run has no memory to tunnel",
            "offline without tunnelled"
        ) { $0.tunnelled && $0.isAllCold },
    ]

    private static let phases: [MigrationRule] = [
        rule(
            ["postcopy", "suspend"],
            "post-copy needs a running guest on the target, and suspend keeps it paused",
            "auto-converge with suspend"
        ) { $0.mayEndInPostcopy && $0.suspend },
        rule(
            ["postcopy", "parallel"],
            "QEMU before 10.1 says: Postcopy is not yet compatible with multifd",
            "postcopy alone, or parallel with auto-converge"
        ) { $0.mayEndInPostcopy && $0.parallel != nil },
        rule(
            ["postcopy-bandwidth"],
            "it limits post-copy, which is not switched on", "postcopy with postcopy-bandwidth"
        ) { $0.postcopyBandwidth != nil && !$0.mayEndInPostcopy },
        rule(
            ["offline", "suspend"],
            "a cold move starts the domain on the target; a domain that is off cannot be suspended",
            "suspend for live moves only (leave offline out)"
        ) { $0.isAllCold && $0.suspend },
        rule(
            ["offline", "postcopy"],
            "a domain that is off has no memory to copy after the switch-over",
            "live with offline (live where it can be), or postcopy alone"
        ) { $0.isAllCold && $0.mayEndInPostcopy },
    ]

    private static let copies: [MigrationRule] = [
        rule(
            ["copy-storage-all", "copy-storage-inc"],
            "a disk is copied whole or above its base, not both",
            "name different domains in the two lists of the policy"
        ) { options in
            guard let all = options.copyStorageAll, let inc = options.copyStorageInc else {
                return false
            }
            return all.contains("*") || inc.contains("*") || !Set(all).isDisjoint(with: inc)
        },
        rule(
            ["copy-storage-all", "postcopy"],
            "the disk's mirror ends at the switch-over; when post-copy then breaks, the newest "
                + "disk is on the target and the newest memory on both",
            "copy-storage-all with auto-converge"
        ) { $0.mayEndInPostcopy && ($0.copyStorageAll != nil || $0.copyStorageInc != nil) },
    ]

    private static let compressions: [MigrationRule] = [
        rule(
            ["compressed", "parallel"],
            "multifd sends pages as they are (xbzrle and the old compression threads work on one "
                + "stream)", "parallel alone"
        ) { $0.compression != nil && $0.parallel != nil },
        rule(
            ["compressed", "postcopy"],
            "QEMU says: Postcopy is not currently compatible with compression",
            "compressed: xbzrle, or postcopy alone"
        ) { $0.compression?.method == .multithreaded && $0.mayEndInPostcopy },
        rule(
            ["comp-mt-level"],
            "libvirt says: Turn multithread compression on to tune it", "compressed: mt"
        ) { $0.compression.map { $0.method != .multithreaded && $0.tunesThreads } ?? false },
        rule(
            ["comp-xbzrle-cache"],
            "libvirt says: Turn xbzrle compression on to tune it", "compressed: xbzrle"
        ) { $0.compression.map { $0.method != .xbzrle && $0.cache != nil } ?? false },
    ]

    private static let limits: [MigrationRule] = [
        rule(
            ["max-bandwidth"], "without bandwidth there is no limit to raise",
            "bandwidth with max-bandwidth"
        ) { $0.maxBandwidth != nil && $0.bandwidth == nil },
        rule(
            ["bandwidth", "max-bandwidth"],
            "the raised limit is below the limit at the start",
            "a max-bandwidth above bandwidth"
        ) { options in
            guard let most = options.maxBandwidth, let first = options.bandwidth else {
                return false
            }
            return most < first
        },
    ]

    private static func rule(
        _ words: [String], _ reason: String, _ instead: String,
        _ isBroken: @escaping @Sendable (MigrationOptions) -> Bool
    ) -> MigrationRule {
        MigrationRule(
            words: words, reason: reason, instead: instead,
            isBroken: isBroken)
    }
}

extension MigrationCompression {
    fileprivate var tunesThreads: Bool {
        level != nil || threads != nil || decompressionThreads != nil
    }
}

extension MigrationOptions {
    /// Does nothing move live? Words about live moves do not concern the others.
    fileprivate var isAllCold: Bool { offline?.contains("*") == true && prefersLive != true }
}
