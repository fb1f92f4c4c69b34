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
        options.attempts = try whole(table, "attempts", 1...10) ?? options.attempts
        if options.tunnelled, options.parallel != nil || options.route == .managed {
            let other = options.parallel != nil ? "parallel" : "p2p: false"
            throw table.error(
                "'migration.tunnelled' can not be combined with '\(other)': libvirt refuses it",
                at: "tunnelled")
        }
        return options
    }
}
