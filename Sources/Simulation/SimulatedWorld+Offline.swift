import ClusterModel
import HypervisorInterface

/// Offline migration: the definition goes, and nothing else.
///
/// Source: qemu_migration.c of libvirt 9.0. A guest that runs goes on where it is and keeps its
/// definition there; of one that is off the source forgets the definition, unless
/// VIR_MIGRATE_UNDEFINE_SOURCE is left out, and deletes the state of its emulated TPM with it
/// (qemuDomainRemoveInactive) unless the XML says that it is to be kept. A managed one deletes it
/// even then: its Confirm passes VIR_DOMAIN_UNDEFINE_TPM.
extension SimulatedWorld {
    mutating func migrateDefinition(
        _ request: MigrationRequest, from source: HostName
    ) throws(HypervisorError) -> Int {
        let copy = try known(request.domain, on: source, operation: "migrate")
            .renaming(request.names)
        try admitDefinition(copy, request, from: source)
        var migration = newMigration(request, of: copy, from: source)
        migration.total = .zero
        migration.remaining = .zero
        change(migration) { $0 = migration }
        enter(.prepare, migration)
        return migration.id
    }

    private func admitDefinition(
        _ copy: SimulatedDomain, _ request: MigrationRequest, from source: HostName
    ) throws(HypervisorError) {
        guard copy.facts.isPersistent, request.isPersistent else {
            throw refusal(
                .unsupported, 3, "migrate", copy.id, source,
                "a transient domain has no definition to move")
        }
        guard migration(of: copy.id) == nil, !copy.isIncoming else {
            throw refusal(
                .failed, 55, "migrate", copy.id, source,
                "another migration job is already running for the domain")
        }
        let target = try reachTarget(of: copy, request, from: source)
        if let reason = clash(of: copy, on: target) {
            throw refusal(.failed, 55, "migrate", copy.id, source, reason)
        }
        if let reason = machineFault(copy.facts, on: target) {
            throw refusal(.incompatible, reason.code, "migrate", copy.id, source, reason.message)
        }
    }

    /// Finish: the target writes the definition down. Nothing on its disk is looked at.
    mutating func finishOffline(_ migration: SimulatedMigration) {
        guard let source = host(migration.source), let target = host(migration.target),
            let copy = source.domain(migration.domain),
            migration.isManaged ? !target.isSilent(at: now) : !target.isCutFromPeers(at: now),
            clash(of: copy, on: target) == nil
        else {
            return cancel(migration, .failed, code: 38, "Lost connection to destination host")
        }
        let old = target.domain(migration.domain)
        place(
            copy.renaming(migration.interfaces ?? [:]).definition(over: old), on: migration.target)
        // What is done to it from now on is done on the target.
        if !copy.isActive, migration.keepsDefinition != true {
            update(copy.id, on: migration.source) { $0.isStale = true }
        }
        enter(.confirm, migration)
    }

    mutating func confirmOffline(_ migration: SimulatedMigration) {
        defer { conclude(migration, failure: nil) }
        guard let copy = copy(of: migration.domain, on: migration.source), !copy.isActive,
            !migration.losesConfirm, !migration.losesUndefine, migration.keepsDefinition != true
        else { return }
        endProcess(
            of: migration.domain, on: migration.source, keepingDefinition: false,
            tpm: migration.isManaged ? .deleted : .deletedUnlessKept)
    }
}

extension SimulatedWorld {
    /// As `virsh define` with the XML of another host.
    mutating func copyDefinition(
        of domain: DomainID, from source: HostName, to target: HostName,
        renaming names: [String: String]
    ) throws(HypervisorError) {
        let what = "define on \(target)"
        let copy = try known(domain, on: source, operation: what)
        guard !copy.isActive else {
            throw refusal(.denied, 55, what, domain, source, "domain is active")
        }
        try reach(target, operation: what)
        guard let host = host(target) else { return }
        if let reason = clash(of: copy, on: host) {
            throw refusal(.failed, 55, what, domain, target, reason)
        }
        place(
            copy.renaming(names).definition(over: host.domain(domain)), on: target)
    }
}

/// What becomes of the state of an emulated TPM when libvirt forgets a domain.
enum TPMRemoval: Hashable, Sendable {
    case deleted
    case deletedUnlessKept
    case left
}
