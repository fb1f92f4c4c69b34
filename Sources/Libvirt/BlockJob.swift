import ClusterModel

/// A job of QEMU's on a disk of a running guest, for which libvirt refuses to migrate it.
struct BlockJob: Hashable {
    /// A virDomainBlockJobType.
    var type: Int
    /// Progress in libvirt's units, which for most jobs are bytes.
    var done: UInt64
    var whole: UInt64

    private static let backup = 5

    /// What it is to whoever waits for it; nil where it ends only when somebody ends it: a copy,
    /// and a commit of the top layer, stay in step with the guest once they are through.
    func passing(since: Timestamp?) -> PassingJob? {
        let isThrough = whole > 0 && done >= whole
        if type == Self.backup { return PassingJob(.backup, since: since) }
        switch type {
        case 1: return PassingJob(.blockPull)
        case 2: return isThrough ? nil : PassingJob(.blockCopy)
        case 3: return PassingJob(.blockCommit)
        case 4: return isThrough ? nil : PassingJob(.blockCommit)
        default: return nil
        }
    }

    /// `a backup is 37 % done (7.4 GiB of 20 GiB)`.
    var words: String {
        let kinds = ["", "pull", "copy", "commit", "active commit", "backup"]
        let kind = type > 0 ? kinds[safe: type] ?? "job of type \(type)" : "job"
        let article = kind.hasPrefix("a") ? "an" : "a"
        guard whole > 0, let sizes = sizes else { return "\(article) \(kind) is at its beginning" }
        // In floating point, since a hundred times the number may be none; never 100 % before the
        // end.
        let percent = min(99, Int(Double(done) / Double(whole) * 100))
        return "\(article) \(kind) is \(done >= whole ? 100 : percent) % done "
            + "(\(sizes.done) of \(sizes.whole))"
    }

    private var sizes: (done: Bytes, whole: Bytes)? {
        guard let done = Int64(exactly: min(done, whole)), let whole = Int64(exactly: whole) else {
            return nil
        }
        return (Bytes(done), Bytes(whole))
    }

    /// What shows how it goes on, and what ends it.
    func remedy(_ domain: String, _ disk: String) -> String {
        let end =
            type == Self.backup
            ? "end the backup with virsh domjobabort '\(domain)'"
            : "end it with virsh blockjob '\(domain)' \(disk) --abort"
        return "wait for it (virsh blockjob '\(domain)' \(disk) --info), then plan again; or \(end)"
    }
}
