/// A job on a domain that keeps it from being moved and ends by itself.
///
/// Whoever plans may wait for it. A copy that is to be pivoted, which waits for a person, is none,
/// and nor is a job that nobody knows.
package struct PassingJob: Hashable, Codable, Sendable {
    /// libvirt's kinds of jobs, of domains (`virDomainJobOperation`) and of disks
    /// (`virDomainBlockJobType`).
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        case backup
        case blockCopy = "block-copy", blockCommit = "block-commit", blockPull = "block-pull"
        case snapshot, dump, save, migration
    }

    package var kind: Kind
    /// When it began; nil where libvirt does not tell, as of jobs on disks.
    package var since: Timestamp?

    package init(_ kind: Kind, since: Timestamp? = nil) {
        self.kind = kind
        self.since = since
    }

    /// `a backup`, `a migration`.
    package var words: String {
        switch kind {
        case .backup: "a backup"
        case .blockCopy: "a block copy"
        case .blockCommit: "a block commit"
        case .blockPull: "a block pull"
        case .snapshot: "a domain snapshot"
        case .dump: "a dump"
        case .save: "a save"
        case .migration: "a migration"
        }
    }
}

extension [Blocker] {
    /// The domains that nothing keeps but jobs which end by themselves, in order of appearance.
    package var onlyJobs: [String] {
        let lasting = Set(filter { $0.job == nil }.compactMap(\.domain))
        var seen: Set<String> = []
        return filter { $0.job != nil }.compactMap(\.domain).filter {
            !lasting.contains($0) && seen.insert($0).inserted
        }
    }
}
