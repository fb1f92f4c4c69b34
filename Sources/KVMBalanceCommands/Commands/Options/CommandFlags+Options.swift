import ClusterModel
import Operations

extension CommandFlags {
    init(_ options: GlobalOptions) {
        self.init()
        config = Self.text(options.config.map { ["--config", $0] } ?? [])
        planning = config
    }

    init(
        _ migration: MigrationFlags, _ planning: PlanningOptions, _ options: GlobalOptions
    ) {
        self.init(options)
        var words = migration.words
        if let policy = planning.policy { words += ["--policy", policy] }
        if planning.seed != 0 { words += ["--seed", "\(planning.seed)"] }
        self.planning = Self.text(words) + config
    }

    private static func text(_ words: [String]) -> String {
        words.map { " " + $0.quotedForShell }.joined()
    }
}

extension MigrationFlags {
    /// The words that say the same again.
    var words: [String] {
        let flags: [(Bool, String)] = [
            (live, "live"), (offline, "offline"), (persistent, "persistent"),
            (undefinesource, "undefinesource"), (suspend, "suspend"), (unsafe, "unsafe"),
            (direct, "direct"), (p2p, "p2p"), (managed, "managed"), (tunnelled, "tunnelled"),
            (copyStorageAll, "copy-storage-all"), (copyStorageInc, "copy-storage-inc"),
            (keepImages, "keep-images"), (compressed, "compressed"),
            (autoConverge, "auto-converge"), (postcopy, "postcopy"), (tls, "tls"),
        ]
        let values: [(String?, String)] = [
            (offlineDomains, "offline-domains"), (unmovable?.rawValue, "unmovable"),
            (shutdownTimeout?.description, "shutdown-timeout"),
            (compressionMethod?.rawValue, "comp-methods"),
            (compressionLevel?.description, "comp-mt-level"),
            (compressionThreads?.description, "comp-mt-threads"),
            (decompressionThreads?.description, "comp-mt-dthreads"),
            (compressionCache?.description, "comp-xbzrle-cache"),
            (postcopyBandwidth?.description, "postcopy-bandwidth"),
            (parallel?.description, "parallel"), (bandwidth?.description, "bandwidth"),
            (timeout?.description, "timeout"), (maxBandwidth?.description, "max-bandwidth"),
            (maxDowntime?.description, "max-downtime"), (whenStuck?.rawValue, "when-stuck"),
        ]
        return flags.filter(\.0).map { "--\($0.1)" }
            + values.flatMap { value, name in value.map { ["--\(name)", $0] } ?? [] }
    }
}
