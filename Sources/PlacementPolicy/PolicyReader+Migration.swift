import ClusterModel

/// How migrations are done, in virsh's words.
extension PolicyReader {
    static func options(_ table: YAMLTable) throws(PolicyError) -> MigrationOptions {
        var options = MigrationOptions()
        if try flag(table, "live") == false {
            throw table.error(
                "'migration.live' can only be true: running domains are never stopped to move them",
                at: "live")
        }
        if let peerToPeer = try flag(table, "p2p") {
            options.route = peerToPeer ? .peerToPeer : .managed
        }
        options.suspend = try flag(table, "suspend") ?? options.suspend
        options.unsafe = try flag(table, "unsafe") ?? options.unsafe
        options.tunnelled = try flag(table, "tunnelled") ?? options.tunnelled
        options.autoConverge = try flag(table, "auto-converge") ?? options.autoConverge
        options.postcopy = try flag(table, "postcopy") ?? options.postcopy
        options.tls = try flag(table, "tls") ?? options.tls
        options.parallel = try whole(table, "parallel", 1...255)
        options.bandwidth = try table.scalar(
            "bandwidth", "a speed with a unit, such as 100MiB/s"
        ) { Quantity.mebibytesPerSecond($0).flatMap { $0 > 0 ? $0 : nil } }
        options.timeoutSeconds = try seconds(table, "timeout").map { Int($0) }
        try readConvergence(table, into: &options)
        options.attempts = try whole(table, "attempts", 1...10) ?? options.attempts
        if options.tunnelled, options.parallel != nil || options.route == .managed {
            let other = options.parallel != nil ? "parallel" : "p2p: false"
            throw table.error(
                "'migration.tunnelled' can not be combined with '\(other)': libvirt refuses it",
                at: "tunnelled")
        }
        return options
    }

    /// What is done with a migration that does not converge.
    private static func readConvergence(
        _ table: YAMLTable, into options: inout MigrationOptions
    ) throws(PolicyError) {
        // What holds anyway is not written down: so plans of earlier versions say the same.
        let assumed = MigrationOptions()
        let rules = MigrationOptions.WhenStuck.allCases.map(\.rawValue)
        options.whenStuck = try table.scalar(
            "when-stuck", rules.dropLast().joined(separator: ", ") + " or \(rules.last ?? "")"
        ) { MigrationOptions.WhenStuck(rawValue: $0) }
        if options.whenStuck == assumed.stuckRule { options.whenStuck = nil }
        options.maxDowntimeMilliseconds = try table.scalar(
            "max-downtime", "a time from 1ms to 10m with a unit: ms, s or m, such as 500ms or 2s"
        ) { Quantity.milliseconds($0).flatMap { (1...600_000).contains($0) ? $0 : nil } }
        if options.maxDowntimeMilliseconds == assumed.longestDowntimeMilliseconds {
            options.maxDowntimeMilliseconds = nil
        }
        options.maxBandwidth = try table.scalar(
            "max-bandwidth", "a speed with a unit, such as 400MiB/s"
        ) { Quantity.mebibytesPerSecond($0).flatMap { $0 > 0 ? $0 : nil } }
        if let most = options.maxBandwidth {
            guard let first = options.bandwidth else {
                throw table.error(
                    "'migration.max-bandwidth' needs 'bandwidth': without it there is no limit to "
                        + "raise", at: "max-bandwidth")
            }
            guard most >= first else {
                throw table.error(
                    "'migration.max-bandwidth' is below 'bandwidth'", at: "max-bandwidth")
            }
        }
        if options.whenStuck == .postcopy, options.suspend || options.tunnelled {
            let other = options.suspend ? "suspend" : "tunnelled"
            throw table.error(
                "'migration.when-stuck: post-copy' can not be combined with '\(other)': libvirt "
                    + "refuses it", at: "when-stuck")
        }
    }
}
