import ClusterModel

/// How migrations are done, in virsh's words.
extension PolicyReader {
    static func options(_ table: YAMLTable) throws(PolicyError) -> MigrationOptions {
        var options = MigrationOptions()
        try refuseWords(table)
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
            "bandwidth", "a speed with a unit, such as 100MiB/s, of 1000000MiB/s at most"
        ) { Quantity.mebibytesPerSecond($0).flatMap { $0 > 0 ? $0 : nil } }
        options.timeoutSeconds = try seconds(table, "timeout", upToDays: 31).map { Int($0) }
        try readConvergence(table, into: &options)
        options.attempts = try whole(table, "attempts", 1...10) ?? options.attempts
        try readWays(table, into: &options)
        if let rule = MigrationRules.broken(by: options).first {
            throw table.error(rule.text(in: .policy), at: table.firstOf(rule.words))
        }
        return options
    }

    /// What is done with a migration that does not converge.
    private static func readConvergence(
        _ table: YAMLTable, into options: inout MigrationOptions
    ) throws(PolicyError) {
        // What holds anyway is not written down: so a plan tells only what was asked for.
        let assumed = MigrationOptions()
        let rules = MigrationOptions.WhenStuck.allCases.map(\.rawValue)
        options.whenStuck = try table.scalar(
            "whenStuck", rules.dropLast().joined(separator: ", ") + " or \(rules.last ?? "")"
        ) { MigrationOptions.WhenStuck(rawValue: $0) }
        if options.whenStuck == assumed.stuckRule { options.whenStuck = nil }
        options.maxDowntimeMilliseconds = try table.scalar(
            "max-downtime", "a time from 1ms to 10m with a unit: ms, s or m, such as 500ms or 2s"
        ) { Quantity.milliseconds($0).flatMap { (1...600_000).contains($0) ? $0 : nil } }
        if options.maxDowntimeMilliseconds == assumed.longestDowntimeMilliseconds {
            options.maxDowntimeMilliseconds = nil
        }
        options.maxBandwidth = try table.scalar(
            "max-bandwidth", "a speed with a unit, such as 400MiB/s, of 1000000MiB/s at most"
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
                "'migration.whenStuck: post-copy' cannot be combined with '\(other)': libvirt "
                    + "refuses it", at: "whenStuck")
        }
    }

    /// Words of virsh that can only have one value here, or none.
    private static func refuseWords(_ table: YAMLTable) throws(PolicyError) {
        if try flag(table, "live") == false {
            throw table.error(
                "'migration.live' can only be true: to move domains cold, name them under "
                    + "'migration.offline'", at: "live")
        }
        for word in ["persistent", "undefinesource"] where try flag(table, word) == false {
            throw table.error(
                "'migration.\(word)' can only be true: a persistent domain always moves with "
                    + "its definition and leaves none behind: otherwise it could be started twice "
                    + "or be lost at its next shutdown", at: word)
        }
        if try flag(table, "direct") == true {
            throw table.error(
                "'migration.direct': " + MigrationRules.direct + "; set 'p2p: true', or 'p2p: "
                    + "false' for a migration that is driven from here", at: "direct")
        }
    }

    private static func readWays(
        _ table: YAMLTable, into options: inout MigrationOptions
    ) throws(PolicyError) {
        options.copyStorageAll = try domains(table, "copy-storage-all")
        options.copyStorageInc = try domains(table, "copy-storage-inc")
        options.offline = try domains(table, "offline")
        // Said beside 'offline' it means that: live where it can be.
        if options.offline != nil { options.prefersLive = try flag(table, "live") }
        options.shutdownSeconds = try seconds(table, "shutdown-timeout", upToDays: 1).map {
            Int($0)
        }
        options.keepsImages = try flag(table, "keep-images")
        options.postcopyBandwidth = try table.scalar(
            "postcopy-bandwidth", "a speed with a unit, such as 100MiB/s, of 1000000MiB/s at most"
        ) { Quantity.mebibytesPerSecond($0).flatMap { $0 > 0 ? $0 : nil } }
        let method = try table.scalar("compressed", "mt, xbzrle, true or false") { text in
            text == "true" || text == "false"
                ? text
                : MigrationCompression.Method(rawValue: text)?.rawValue
        }
        let compression = MigrationCompression(
            method.flatMap { MigrationCompression.Method(rawValue: $0) } ?? .xbzrle,
            level: try whole(table, "comp-mt-level", 0...9),
            threads: try whole(table, "comp-mt-threads", 1...255),
            decompressionThreads: try whole(table, "comp-mt-dthreads", 1...255),
            cache: try size(table, "comp-xbzrle-cache"))
        if let method, method != "false" {
            options.compression = compression
        } else if compression != MigrationCompression() {
            throw table.error(
                "'migration.comp-…' tunes a compression that is not switched on: set "
                    + "'compressed: mt' or 'compressed: xbzrle'",
                at: table.firstOf([
                    "comp-mt-level", "comp-mt-threads", "comp-mt-dthreads", "comp-xbzrle-cache",
                ]))
        }
    }

    /// All domains (`true`), none, or those of a list.
    private static func domains(
        _ table: YAMLTable, _ key: String
    ) throws(PolicyError) -> [String]? {
        guard table.isScalar(key) else { return try table.strings(key) }
        return try flag(table, key) == true ? ["*"] : nil
    }
}
