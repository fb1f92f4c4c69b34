import ClusterModel
import HypervisorInterface

/// What libvirt checks before and while it prepares a migration.
extension SimulatedWorld {
    /// Throws what Begin on the source or Prepare on the target would answer.
    func admit(
        _ copy: SimulatedDomain, _ request: MigrationRequest, from source: HostName
    ) throws(HypervisorError) {
        func refused(
            _ kind: HypervisorError.Kind, _ code: Int, _ message: String
        ) -> HypervisorError {
            refusal(kind, code, "migrate", request.domain, source, message)
        }
        guard migration(of: request.domain) == nil, !hasJob(request.domain, on: source) else {
            throw refused(.failed, 55, "another migration job is already running for the domain")
        }
        guard !hasOtherJob(request.domain) else {
            throw refused(.failed, 68, "cannot acquire state change lock (held by a backup)")
        }
        guard !copy.isIncoming, copy.presence == .running || copy.presence == .paused else {
            throw refused(.failed, 55, "domain is \(copy.presence.rawValue) and cannot migrate")
        }
        if let blocker = copy.facts.blockers.first {
            throw refused(.incompatible, 55, "cannot migrate domain: \(blocker.detail)")
        }
        let target = try reachTarget(of: copy, request, from: source)
        guard let origin = host(source) else { return }
        guard !origin.isLinkDown(at: now), !target.isLinkDown(at: now) else {
            throw refused(.failed, 38, "unable to connect to server at \(request.migrateURI)")
        }
        if let reason = clash(of: copy, on: target) { throw refused(.failed, 55, reason) }
        if let reason = storageFault(copy, request, origin, target) { throw reason }
        if let reason = platformFault(copy.facts, on: target) {
            throw refused(.incompatible, reason.code, reason.message)
        }
        if let reason = memoryFault(copy.facts, on: target) {
            throw refused(.incompatible, 1, reason)
        }
    }

    /// The target as whoever drives the migration reaches it.
    func reachTarget(
        of copy: SimulatedDomain, _ request: MigrationRequest, from source: HostName
    ) throws(HypervisorError) -> SimulatedHost {
        let isManaged = request.options.route == .managed
        guard let target = host(request.target), let origin = host(source),
            !(isManaged
                ? target.isUnreachable(at: now) || target.isMisleading(at: now)
                : target.isCutFromPeers(at: now)),
            isManaged || !origin.isCutFromPeers(at: now)
        else {
            throw refusal(
                isManaged ? .unreachable : .peerUnreachable, 38, "migrate", copy.id, source,
                "unable to connect to \(request.target): Connection refused")
        }
        guard origin.facts.uuid != target.facts.uuid else {
            throw refusal(
                .incompatible, 1, "migrate", copy.id, source,
                "Attempt to migrate guest to the same host")
        }
        return target
    }

    func clash(of copy: SimulatedDomain, on target: SimulatedHost) -> String? {
        let name = copy.facts.name
        for other in target.domains {
            if other.id == copy.id && other.isActive {
                return "domain '\(name)' is already active on \(target.name)"
            }
            if other.facts.name == name && other.id != copy.id {
                return "domain '\(name)' is already defined on \(target.name) with uuid \(other.id)"
            }
        }
        return nil
    }

    func platformFault(
        _ facts: DomainFacts, on target: SimulatedHost
    ) -> (code: Int, message: String)? {
        for interface in facts.interfaces {
            if let filter = interface.filter,
                target.facts.networkFilters?.contains(filter) == false
            {
                return (62, "Network filter not found: no nwfilter with matching name '\(filter)'")
            }
            switch interface.plug {
            case .network(let name) where !target.facts.networks.contains(name):
                return (43, "Network not found: no network with matching name '\(name)'")
            case .bridge(let name) where target.facts.bridges?.contains(name) == false:
                return (38, "Cannot get interface MTU on '\(name)': No such device")
            case .direct(let name) where target.facts.networkDevices?.contains(name) == false:
                return (38, "Unable to get index for interface \(name): No such device")
            case .network, .bridge, .direct, .other:
                continue
            }
        }
        if let port = portFault(facts, on: target) { return port }
        if let fault = machineFault(facts, on: target) { return fault }
        let support = support(for: facts.guest, on: target)
        if let model = facts.guest.cpu.model, let usable = support?.usableCPUModels,
            facts.guest.cpu.mode == "custom", !usable.contains(model)
        {
            return (91, "guest CPU doesn't match specification: no model \(model) here")
        }
        return nil
    }

    /// QEMU opens the ports that its consoles were given, and ends where another has one.
    private func portFault(
        _ facts: DomainFacts, on target: SimulatedHost
    ) -> (code: Int, message: String)? {
        for port in facts.consolePorts ?? [] where !port.isAutomatic {
            let isTaken = target.domains.contains { other in
                other.isActive && other.id != facts.id
                    && other.facts.consolePorts?.contains { $0.clashes(with: port) } == true
            }
            if isTaken {
                return (
                    1,
                    "internal error: process exited while connecting to monitor: -vnc "
                        + "\(port.address ?? ""):\(port.port - 5900): Failed to bind socket: "
                        + "Address already in use"
                )
            }
        }
        return nil
    }

    private func support(
        for guest: GuestPlatform, on target: SimulatedHost
    ) -> GuestSupport? {
        target.facts.guestSupport.first {
            $0.virtualization == guest.virtualization && $0.architecture == guest.architecture
        }
    }

    /// What is checked when a definition is read, and no guest is started.
    func machineFault(
        _ facts: DomainFacts, on target: SimulatedHost
    ) -> (code: Int, message: String)? {
        let guest = facts.guest
        guard let support = support(for: guest, on: target) else {
            return (8, "\(guest.virtualization) guests for \(guest.architecture) are unsupported")
        }
        if let emulator = guest.emulator, emulator != support.emulator {
            return (38, "Cannot check QEMU binary \(emulator): No such file or directory")
        }
        if let machine = guest.machineType, !support.machineTypes.contains(machine) {
            return (67, "unsupported configuration: Emulator does not support machine '\(machine)'")
        }
        return nil
    }

    /// libvirt checks the source by the kind of file system; what the target has, QEMU finds out.
    private func storageFault(
        _ copy: SimulatedDomain, _ request: MigrationRequest, _ origin: SimulatedHost,
        _ target: SimulatedHost
    ) -> HypervisorError? {
        let copies = Set(request.mode == .storage ? request.copies : [])
        for disk in copy.facts.disks where !disk.isReadOnly {
            guard let path = origin.path(of: disk), !copies.contains(disk.target) else { continue }
            let identity = origin.pool(holding: path)?.identity
            if identity == nil && !request.options.unsafe {
                return refusal(
                    .unsafe, 81, "migrate", copy.id, origin.name,
                    "Unsafe migration: Migration without shared storage is unsafe")
            }
            if target.pool(holding: path)?.identity != identity {
                return refusal(
                    .incompatible, 38, "migrate", copy.id, origin.name,
                    "Cannot access storage file '\(path)' on \(target.name)")
            }
        }
        return nil
    }

    /// Unlike libvirt, which starts the guest and leaves the rest to the OOM killer: a request that
    /// gets here is a planner's mistake, and must be seen.
    func memoryFault(_ facts: DomainFacts, on target: SimulatedHost) -> String? {
        if let demand = facts.hugePages {
            let total = target.facts.cells.flatMap(\.hugePages)
                .filter { $0.pageSize == demand.pageSize }.reduce(0) { $0 + $1.total }
            let free = total - target.committedPages(of: demand.pageSize)
            guard free < demand.pages else { return nil }
            return "unable to map backing store for guest RAM: \(demand.pages) pages of "
                + "\(demand.pageSize) wanted, \(free) free"
        }
        let free = target.facts.memory - target.committedMemory
        guard free < facts.memory else { return nil }
        return "cannot set up guest memory: Cannot allocate memory (\(facts.memory) wanted, "
            + "\(free) free on \(target.name))"
    }
}
