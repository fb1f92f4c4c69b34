package import ClusterModel

/// Files of hosts and the data of guests in them.
///
/// Source: qemu_migration.c, qemu_tpm.c (qemuTPMEmulatorCleanupHost) and qemu_domain.c
/// (qemuDomainRemoveInactive) of libvirt 9.0 for what libvirt makes and deletes; the kernel's
/// vm.dirty_expire_centisecs for how long data may be in the page cache alone.
extension SimulatedWorld {
    /// 30 s until data are old enough to be written, and 5 s until somebody looks.
    static let writebackMilliseconds: Int64 = 35_000
    /// Until a guest that boots has flushed its disks.
    static let flushMilliseconds: Int64 = 10_000
    /// Until a new file's name is on the disk.
    static let nameMilliseconds: Int64 = 5000
    /// Long enough to hold what it must, short enough to be copied at once.
    static let firmwareLength = Bytes.kibibytes(528)
    static let tpmLength = Bytes.kibibytes(8)

    /// Gives a domain its files on the host where it is, and follows its data from now on.
    package mutating func furnish(_ domain: DomainID, on name: HostName) {
        guard let index = index(of: name), let copy = hosts[index].domain(domain) else { return }
        var newest: [String: Int64] = [:]
        var paths: [String: String] = [:]
        for (disk, path) in hosts[index].ownFiles(of: copy) {
            let content = SimulatedFile.Content(domain: domain, disk: disk, version: 1)
            hosts[index].put(
                SimulatedFile(
                    maker: .domain, content: content, length: copy.length(of: disk), madeAt: now),
                at: path)
            newest[disk] = 1
            paths[disk] = path
        }
        know {
            $0.newest[domain.rawValue] = newest
            $0.paths[domain.rawValue] = paths
        }
    }

    /// Somebody's file, where nothing lies yet; who is careful enough leaves everything else alone.
    package mutating func putStranger(at path: String, on name: HostName) {
        guard let index = index(of: name), !hosts[index].isLost, hosts[index].file(path) == nil
        else { return }
        hosts[index].put(
            SimulatedFile(maker: .stranger, content: nil, length: .mebibytes(1), madeAt: now),
            at: path)
        know { $0.strangers.append(WorldTruth.Place(host: name, path: path)) }
    }

    /// The guest has run on this host, and written: what was copied before is old now.
    mutating func touch(_ domain: DomainID, on name: HostName) {
        guard follows(domain), let index = index(of: name), let copy = hosts[index].domain(domain)
        else { return }
        for (disk, path) in hosts[index].ownFiles(of: copy) {
            guard var file = hosts[index].file(path), file.holds(domain, disk),
                let version = newest(disk, of: domain), file.content?.version == version
            else { continue }
            file.content?.version = version + 1
            if file.maker == .keeper || file.maker == .libvirt { file.maker = .domain }
            hosts[index].put(file, at: path)
            know { $0.newest[domain.rawValue]?[disk] = version + 1 }
        }
    }

    /// Its guest boots: it flushes its disks soon, and nobody flushes the rest.
    mutating func boot(_ domain: DomainID, on name: HostName) {
        guard follows(domain), let index = index(of: name), let copy = hosts[index].domain(domain)
        else { return }
        let flushed = now.advanced(byMilliseconds: span(Self.flushMilliseconds))
        for (disk, path) in hosts[index].ownFiles(of: copy)
        where disk != DiskImage.firmware && disk != DiskImage.tpm {
            guard var file = hosts[index].file(path), let durable = file.durableFrom,
                flushed < durable
            else { continue }
            file.durableFrom = flushed
            hosts[index].put(file, at: path)
        }
        touch(domain, on: name)
    }

    /// The guest has written its last here, if it was here; and libvirt deletes what it deletes.
    mutating func endFiles(of domain: DomainID, _ index: Int, _ removal: TPMRemoval) {
        guard let copy = hosts[index].domain(domain) else { return }
        if copy.presence == .running && copy.holdsGuest { touch(domain, on: hosts[index].name) }
        guard let tpm = copy.guest?.tpm, removal == .deleted || removal == .deletedUnlessKept
        else { return }
        if removal == .deletedUnlessKept && tpm.isKept { return }
        // libvirt does not ask whose it is.
        let path = SimulatedGuest.TPM.path(of: domain)
        if hosts[index].file(path)?.maker == .stranger {
            forgetStranger(at: path, on: hosts[index].name)
        }
        hosts[index].files?[path] = nil
    }

    /// What is wrong with the files that a guest is started from on this host; empty where it has
    /// its newest data. Fresh UEFI variables and a blank TPM are made where there are none.
    mutating func complaints(atStartOf domain: DomainID, on name: HostName) -> [String] {
        guard follows(domain), let index = index(of: name), let copy = hosts[index].domain(domain)
        else { return [] }
        var complaints: [String] = []
        for (disk, path) in hosts[index].ownFiles(of: copy) {
            let newest = self.newest(disk, of: domain) ?? 0
            guard let file = hosts[index].file(path), file.holds(domain, disk) else {
                if hosts[index].file(path) == nil { makeFresh(disk, of: domain, at: path, index) }
                complaints.append("\(disk) at \(path) is not its own")
                continue
            }
            if !file.isWhole { complaints.append("\(disk) at \(path) has holes") }
            let version = file.content?.version ?? 0
            if version < newest {
                complaints.append("\(disk) at \(path) is of version \(version) of \(newest)")
            }
        }
        return hasOneTruth(domain) ? complaints : []
    }

    private mutating func makeFresh(
        _ disk: String, of domain: DomainID, at path: String, _ index: Int
    ) {
        let content = SimulatedFile.Content(domain: domain, disk: disk, version: 0)
        let length = disk == DiskImage.firmware ? Self.firmwareLength : Self.tpmLength
        hosts[index].put(
            SimulatedFile(maker: .libvirt, content: content, length: length, madeAt: now), at: path)
    }

    /// What a live migration brings along when its guest goes on on the target: UEFI variables and
    /// TPM state out of its process, and disks that were mirrored.
    mutating func carryFiles(of migration: SimulatedMigration) {
        let domain = migration.domain
        guard follows(domain), let index = index(of: migration.target),
            let copy = hosts[index].domain(domain)
        else { return }
        let copied = Set(migration.mode == .storage ? migration.copies ?? [] : [])
        for (disk, path) in hosts[index].ownFiles(of: copy) {
            let isDisk = disk != DiskImage.firmware && disk != DiskImage.tpm
            guard !isDisk || copied.contains(disk), let version = newest(disk, of: domain)
            else { continue }
            if hosts[index].file(path)?.maker == .stranger {
                if isDisk { violations.append("a migration wrote over \(path), which is not ours") }
                forgetStranger(at: path, on: migration.target)
            }
            let content = SimulatedFile.Content(domain: domain, disk: disk, version: version)
            var file = SimulatedFile(
                maker: hosts[index].file(path)?.maker == .keeper ? .keeper : .libvirt,
                content: content, length: copy.length(of: disk), madeAt: now)
            file.isCarried = isDisk ? nil : true
            let wait = isDisk ? Self.flushMilliseconds : Self.writebackMilliseconds
            file.durableFrom = now.advanced(byMilliseconds: span(wait))
            hosts[index].put(file, at: path)
        }
        touch(domain, on: migration.target)
    }

    mutating func forgetStranger(at path: String, on host: HostName) {
        know { $0.strangers.removeAll { $0.host == host && $0.path == path } }
    }

    /// The power goes: what was in the page cache alone is gone with it. What another whole copy
    /// can stand in for is no more than the guest's last moments.
    mutating func losePageCache(of name: HostName) {
        guard let index = index(of: name), let files = hosts[index].files else { return }
        for (path, file) in files.sorted(by: { $0.key < $1.key }) where !file.isDurable(at: now) {
            if now.millisecondsSince(file.madeAt) < span(Self.nameMilliseconds) {
                hosts[index].files?[path] = nil
            } else {
                hosts[index].files?[path]?.isWhole = false
            }
            guard let content = file.content, newest(content.disk, of: content.domain) != nil else {
                continue
            }
            // libvirt's own doing: nothing of a live migration waits for this.
            if file.isCarried == true { know { $0.spoiled.insert(content.domain) } }
            if let best = best(content.domain, content.disk), best >= file.madeFrom {
                know { $0.newest[content.domain.rawValue]?[content.disk] = best }
            } else if wasKeptOnLostHost(content, since: file.madeFrom) {
                note(.lostWithHost, of: content.domain)
                know { $0.spoiled.insert(content.domain) }
            }
        }
    }

    /// The newest version that is whole on a host that has not gone for good; nil for none.
    func best(_ domain: DomainID, _ disk: String) -> Int64? {
        var best: Int64?
        for host in hosts where !host.isGone {
            for file in (host.files ?? [:]).values where file.isWhole && file.holds(domain, disk) {
                best = max(best ?? 0, file.content?.version ?? 0)
            }
        }
        return best
    }

    /// The originals were still there, on a host that has gone for good: that both hosts of a move
    /// fail at once is not a fault of kvmbalance.
    private func wasKeptOnLostHost(_ content: SimulatedFile.Content, since version: Int64) -> Bool {
        hosts.contains { host in
            host.isGone
                && (host.files ?? [:]).values.contains { file in
                    file.isWhole && file.holds(content.domain, content.disk)
                        && (file.content?.version ?? 0) >= version
                }
        }
    }

    /// Data that is lost with its host for good, through no fault of kvmbalance.
    mutating func spoilFiles(of name: HostName) {
        guard hasTruth, let files = host(name)?.files else { return }
        let lost = Set(files.values.compactMap { $0.content?.domain }).filter { domain in
            (truth?.newest[domain.rawValue] ?? [:]).contains { disk, version in
                (best(domain, disk) ?? -1) < version
            }
        }
        for domain in lost.sorted() { note(.lostWithHost, of: domain) }
        know { $0.spoiled.formUnion(lost) }
    }

    /// Files of guests that no domain of their host uses, strangers' apart, in order of host and
    /// path.
    package var leftFiles: [LeftFile] {
        guard hasTruth else { return [] }
        return hosts.filter { !$0.isGone }.flatMap { host -> [LeftFile] in
            let used = Set(host.domains.flatMap { host.ownFiles(of: $0).map(\.path) })
            return (host.files ?? [:]).filter { path, file in
                file.maker != .stranger && !used.contains(path)
            }.sorted { $0.key < $1.key }.map { path, file in
                LeftFile(host: host.name, path: path, maker: file.maker, content: file.content)
            }
        }
    }
}

extension SimulatedHost {
    package func file(_ path: String) -> SimulatedFile? { files?[path] }

    mutating func put(_ file: SimulatedFile, at path: String) {
        files = files ?? [:]
        files?[path] = file
    }

    /// It lost its power, and no time is known at which it comes back.
    var isGone: Bool { isLost && rebootsAt == nil }

    /// The pool whose folder holds a path.
    func pool(holding path: String) -> StoragePool? {
        facts.pools.first { pool in
            pool.targetPath.map { path == $0 || path.hasPrefix($0 + "/") } ?? false
        }
    }

    /// The file of a disk; nil for what is no file.
    func path(of disk: Disk) -> String? {
        switch disk.source {
        case .file(let path): path
        case .volume(let pool, let volume):
            facts.pools.first { $0.name == pool }?.targetPath.map { "\($0)/\(volume)" }
        case .none, .block, .network, .other: nil
        }
    }

    /// The files of a domain that lie on this host alone, whether they are there or not.
    func ownFiles(of copy: SimulatedDomain) -> [(disk: String, path: String)] {
        var files: [(disk: String, path: String)] = []
        for disk in copy.facts.disks where !disk.isReadOnly {
            guard let path = path(of: disk), pool(holding: path)?.identity == nil else { continue }
            files.append((disk.target, path))
        }
        if let path = copy.guest?.firmware?.path, pool(holding: path)?.identity == nil {
            files.append((DiskImage.firmware, path))
        }
        if copy.guest?.tpm != nil {
            files.append((DiskImage.tpm, SimulatedGuest.TPM.path(of: copy.id)))
        }
        return files
    }
}

extension SimulatedDomain {
    /// What a copy byte by byte of it must hold.
    func length(of disk: String) -> Bytes {
        if disk == DiskImage.firmware { return SimulatedWorld.firmwareLength }
        if disk == DiskImage.tpm { return SimulatedWorld.tpmLength }
        return facts.disks.first { $0.target == disk }.flatMap { $0.allocation ?? $0.capacity }
            ?? .gibibytes(1)
    }
}
