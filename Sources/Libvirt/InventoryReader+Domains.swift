internal import CLibvirt
import ClusterModel

extension InventoryReader {
    /// Facts of every domain, in order of name.
    mutating func domains() throws -> [InventoriedDomain] {
        let lists = try DomainLists(connection)
        var found: [InventoriedDomain] = []
        for domain in lists.all {
            let uuid = try domain.uuid()
            do {
                found.append(try inventoried(domain, uuid, lists))
            } catch let failure as LibvirtFailure where failure.has(VIR_ERR_NO_DOMAIN) {
                // It went away while the host was read.
                continue
            }
        }
        return found.sorted { ($0.facts.name, $0.facts.id) < ($1.facts.name, $1.facts.id) }
    }

    private mutating func inventoried(
        _ domain: DomainHandle, _ uuid: String, _ lists: DomainLists
    ) throws -> InventoriedDomain {
        let condition = try lists.conditions[uuid] ?? domain.state()
        var facts = try facts(of: domain, uuid)
        facts.state = condition.domainState
        facts.isPersistent = lists.persistent.contains(uuid)
        facts.autostart = lists.autostarted.contains(uuid)
        facts.hasManagedSave = lists.saved.contains(uuid)
        if !facts.state.isActive { facts.balloon = nil }
        if !facts.isPersistent {
            facts.cautions.append(
                "it is transient: something else started it, such as Pacemaker's VirtualDomain, "
                    + "and may start it elsewhere when it misses it")
        }
        if lists.withSnapshots.contains(uuid) {
            facts.blockers.append(Self.snapshots(domain, facts.name))
        }
        if lists.withCheckpoints.contains(uuid) {
            facts.blockers.append(
                Blocker(
                    domain: facts.name, reason: .snapshot,
                    detail: "it has backup checkpoints, which libvirt does not migrate",
                    remedy: "delete them (virsh checkpoint-delete), or make a full backup after "
                        + "the move"))
        }
        var entry = InventoriedDomain(facts: facts)
        if facts.state.isActive { try look(at: domain, condition, &entry) }
        if condition.isPostcopyFailed {
            entry.facts.blockers.append(
                Blocker(
                    domain: facts.name, reason: .state,
                    detail: "a post-copy migration of it failed: its memory is on two hosts",
                    remedy: "repair the network and resume it (kvmbalance runs resume for a run of "
                        + "kvmbalance, virsh migrate --postcopy-resume for any other)"))
        }
        return entry
    }

    /// A domain whose XML is beyond us still uses memory and CPU: it is listed with what libvirt
    /// tells otherwise, and stays where it is.
    private mutating func facts(of domain: DomainHandle, _ uuid: String) throws -> DomainFacts {
        do {
            let root = try MarkupReader.read(domain.xml(), root: "domain")
            var facts = try DomainXMLReader.read(root) { backing(of: $0) }
            // Only that of a running domain is what the guest has.
            if domain.use({ virDomainIsActive($0) }) == 1 { note(cpu: root, of: &facts) }
            for index in facts.disks.indices { measure(&facts.disks[index]) }
            return facts
        } catch let malformed as MalformedXML {
            var info = virDomainInfo()
            try checked(domain.use { virDomainGetInfo($0, &info) })
            let name = domain.name
            warn("domain '\(name)': \(malformed)")
            return DomainFacts(
                id: DomainID(uuid), name: name,
                vcpus: min(max(1, Int(info.nrVirtCpu)), NumberList.highest),
                memory: Bytes.plausible(Int64(exactly: info.maxMem), unit: 1024) ?? .zero,
                blockers: [
                    Blocker(
                        domain: name, reason: .other,
                        detail: "its XML cannot be read: \(malformed)",
                        remedy: "look at virsh dumpxml")
                ])
        }
    }

    private mutating func note(cpu root: MarkupElement, of facts: inout DomainFacts) {
        guard facts.guest.virtualization == "kvm",
            let xml = GuestCPUDescription.xml(of: root.first("cpu"))
        else { return }
        let kind = GuestCPUDescription.kind(of: xml)
        facts.guest.cpu.kind = kind
        guestCPUs[kind] = xml
    }

    /// What a disk on storage of the host's own takes: libvirt's storage driver looks at the file,
    /// not at the guest.
    private mutating func measure(_ disk: inout Disk) {
        let volume: VolumeHandle?
        switch disk.source {
        case .file(let path) where localFolders.contains(DiskImage.folder(of: path)):
            volume = connection.volume(at: path) ?? newVolume(at: path)
        case .volume(let pool, let name):
            volume = try? connection.pool(pool).volume(name)
        case .none, .file, .block, .network, .other: return
        }
        guard let sizes = try? volume?.sizes() else { return }
        // A thin image may claim to hold anything: what nobody can have is not known.
        disk.capacity = .plausible(sizes.capacity.count)
        disk.allocation = .plausible(sizes.allocation.count)
    }

    /// The image under another, as its header names it.
    private mutating func backing(of source: Disk.Source) -> BackingLayer? {
        let volume: VolumeHandle?
        switch source {
        case .file(let path): volume = connection.volume(at: path) ?? newVolume(at: path)
        case .block(let path): volume = connection.volume(at: path)
        case .volume(let pool, let name): volume = try? connection.pool(pool).volume(name)
        case .none, .network, .other: return nil
        }
        return try? volume?.description().backing
    }

    /// libvirt knows of files only what it saw last: each folder is looked at again once. A
    /// read-only connection may not ask for that, and the size stays unknown.
    private mutating func newVolume(at path: String) -> VolumeHandle? {
        let folder = DiskImage.folder(of: path)
        guard refreshed.insert(folder).inserted else { return nil }
        try? connection.pool(showing: folder)?.refresh()
        return connection.volume(at: path)
    }

    private static func snapshots(_ domain: DomainHandle, _ name: String) -> Blocker {
        let count = domain.use { virDomainSnapshotNum($0, 0) }
        return Blocker(
            domain: name, reason: .snapshot,
            detail: "it has \(count > 0 ? "\(count)" : "some") domain snapshots, for which "
                + "libvirt refuses every migration",
            remedy: "delete them (virsh snapshot-delete)")
    }

    /// Finds the direction of a migration, and block jobs: see the type's comment for when not.
    private mutating func look(
        at domain: DomainHandle, _ condition: DomainCondition, _ entry: inout InventoriedDomain
    ) throws {
        if condition.isStartingUp {
            entry.isArriving = true
            return
        }
        if let trouble = try? domain.monitorTrouble() {
            note(trouble, &entry)
            return
        }
        var job: PassingJob?
        do {
            let running = try domain.job()
            entry.isLeaving = running?.isMigrationOut ?? false
            job = running?.passing(at: .now)
        } catch {
            // Otherwise it has just stopped, or its driver knows no jobs.
            guard error.meansNoJob, !error.has(VIR_ERR_NO_DOMAIN) else { throw error }
            entry.isArriving = error.has(VIR_ERR_OPERATION_UNSUPPORTED)
        }
        guard !entry.isLeaving, !entry.isArriving else { return }
        if condition.allowsQueryJobs { noteBlockJob(of: domain, since: job?.since, &entry) }
        if let job { note(job, &entry) }
    }

    /// One is enough: libvirt ends none of them for a migration.
    private func noteBlockJob(
        of domain: DomainHandle, since: Timestamp?, _ entry: inout InventoriedDomain
    ) {
        // The XML knows some of them already.
        guard !entry.facts.blockers.contains(where: { $0.reason == .blockJob }) else { return }
        let name = entry.facts.name
        for disk in entry.facts.disks where !disk.isReadOnly && disk.source != .none {
            guard let job = domain.blockJob(on: disk.target) else { continue }
            entry.facts.blockers.append(
                Blocker(
                    domain: name, reason: .blockJob, detail: "disk \(disk.target): \(job.words)",
                    remedy: job.remedy(name, disk.target), job: job.passing(since: since)))
            return
        }
    }

    /// A job on the whole domain: libvirt lets a migration wait for it for 30 s and then fail. A
    /// backup was found on its disks already.
    private func note(_ job: PassingJob, _ entry: inout InventoriedDomain) {
        let name = entry.facts.name
        guard !entry.facts.blockers.contains(where: { $0.reason == .blockJob }) else { return }
        let since = job.since.map { " since \($0)" } ?? ""
        entry.facts.blockers.append(
            Blocker(
                domain: name, reason: .busy, detail: "\(job.words) is under way\(since)",
                remedy: "wait for it to end (virsh domjobinfo \(name.quotedForShell)), then plan "
                    + "again", job: job))
    }

    private mutating func note(_ trouble: MonitorTrouble, _ entry: inout InventoriedDomain) {
        let name = entry.facts.name
        switch trouble {
        case .busy(let milliseconds) where milliseconds < Self.patienceMilliseconds:
            warn("domain '\(name)' is busy: its jobs were not looked at")
        case .busy(let milliseconds):
            entry.facts.blockers.append(
                Blocker(
                    domain: name, reason: .busy,
                    detail: "QEMU has not answered for \(milliseconds / 1000) s",
                    remedy: "look for hanging storage or a stopped process"))
        case .broken:
            entry.facts.blockers.append(
                Blocker(
                    domain: name, reason: .state, detail: "the monitor of its QEMU is broken",
                    remedy: "restart libvirtd, or shut the guest down from inside"))
        }
    }

    /// QEMU answers in milliseconds; after this long it hangs.
    private static let patienceMilliseconds: Int64 = 5000
}

/// Which domains have what: a filtered list is one call, where asking each domain would be many.
private struct DomainLists {
    var all: [DomainHandle]
    var persistent: Set<String>
    var autostarted: Set<String>
    var saved: Set<String>
    var withSnapshots: Set<String>
    var withCheckpoints: Set<String>
    var conditions: [String: DomainCondition]

    init(_ connection: ConnectionHandle) throws(LibvirtFailure) {
        func uuids(_ filter: virConnectListAllDomainsFlags) throws(LibvirtFailure) -> Set<String> {
            var found: Set<String> = []
            for domain in try connection.domains(filter.rawValue) {
                found.insert(try domain.uuid())
            }
            return found
        }
        all = try connection.domains()
        persistent = try uuids(VIR_CONNECT_LIST_DOMAINS_PERSISTENT)
        autostarted = try uuids(VIR_CONNECT_LIST_DOMAINS_AUTOSTART)
        saved = try uuids(VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE)
        withSnapshots = try uuids(VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT)
        // Checkpoints are of libvirt 5.6 and QEMU's alone.
        withCheckpoints = (try? uuids(VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT)) ?? []
        conditions = [:]
        for record in try connection.domainStatistics(VIR_DOMAIN_STATS_STATE.rawValue) {
            conditions[record.uuid] = DomainStatistics.condition(record.parameters)
        }
    }
}

extension DomainHandle {
    /// The block job on a disk; nil when there is none or it is unknown. Enters the monitor only
    /// when libvirt knows of a job (qemuDomainGetBlockJobInfo).
    func blockJob(on target: String) -> BlockJob? {
        var info = virDomainBlockJobInfo()
        guard use({ virDomainGetBlockJobInfo($0, target, &info, 0) }) == 1 else { return nil }
        return BlockJob(type: Int(info.type), done: info.cur, whole: info.end)
    }
}
