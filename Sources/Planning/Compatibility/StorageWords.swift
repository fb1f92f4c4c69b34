import ClusterModel

/// What keeps one disk of one guest where it is, and what a person can type against it.
struct StorageWords {
    var disk: Disk
    var domain: DomainFacts
    var misfit: StorageMisfit
    var source: HostName
    var target: HostName

    init?(
        _ misfit: StorageMisfit, of domain: DomainFacts, from source: HostName,
        to target: HostName
    ) {
        let disks = domain.disks.filter { DomainProfile.StorageNeed.Place($0.source) != nil }
        guard disks.indices.contains(misfit.need) else { return nil }
        disk = disks[misfit.need]
        self.domain = domain
        self.misfit = misfit
        self.source = source
        self.target = target
    }

    private var fault: StorageFault { misfit.fault }
    private var isMedium: Bool { ["cdrom", "floppy"].contains(disk.device) }
    private var isBlock: Bool { if case .block = disk.source { true } else { false } }

    private var place: String? {
        switch disk.source {
        case .file(let path), .block(let path): path
        case .volume(let pool, let volume): "\(volume) of pool \(pool)"
        case .none, .network, .other: nil
        }
    }

    var detail: String {
        if isMedium, let place {
            let drive = disk.device == "cdrom" ? "CD-ROM" : "floppy"
            return "\(drive) \(disk.target) holds \(place), which \(fault.text)"
        }
        var text = disk.overlay.map { "the base image under \($0)" } ?? "disk \(disk.target)"
        if let place { text += " (\(place))" }
        text += " " + fault.text
        guard fault.reason == .localStorage, case .local = fault else { return text }
        if isOverBase { return text + ", and lies over a base image" }
        if misfit.copying == .topLayer, isCopyable { return text + ", and has no base image" }
        return text
    }

    private var isCopyable: Bool { disk.isCopyable && !isBlock }
    /// It lies over a base image, or is one, and such images are not copied whole.
    private var isOverBase: Bool {
        guard misfit.copying == .nothing || misfit.copying == .whole else { return false }
        return disk.overlay != nil
            || isCopyable && domain.disks.contains { $0.overlay == disk.target }
    }

    var remedy: String {
        switch fault {
        case .inactive(let pool, let onSource): return start(pool, on: onSource ? source : target)
        case .otherSpelling(let here, _): return spelling(of: here)
        case .outdated: return "kvmbalance hosts check"
        case .apart:
            return "mount it on \(target) as on \(source), then: kvmbalance hosts check"
        case .local, .own, .uncovered, .absent, .lost, .different, .elsewhere, .renamed, .unknown,
            .noPlace:
            break
        }
        if let removal {
            // On storage of its host's own, as its drive is, nothing but that helps.
            let isOwn = fault.reason == .localStorage || isBlock || place == nil
            return isOwn
                ? "\(removal), or put it on storage that both hosts share"
                : "\(removal); or, if it is shared: \(shared)"
        }
        return shared
    }

    private var shared: String {
        switch fault {
        case .local(let pool): return local(pool)
        case .own: return own
        case .uncovered: return uncovered
        case .absent(let pool, nil): return absent(pool)
        case .absent(let pool, let other?):
            let own = pool.name.quotedForShell
            return "pool '\(other.name)' on \(target) is other storage: take its definition away "
                + "(virsh pool-undefine \(other.name.quotedForShell)), and define it as on "
                + "\(source) (virsh pool-dumpxml \(own))"
        case .lost(let pool): return start(pool, on: source)
        case .different:
            return "mount the same storage at the same path on both hosts, as a netfs pool"
        case .elsewhere(let here, _):
            return "give the pool the path \(here.targetPath ?? "?") on \(target) (virsh pool-edit)"
        case .unknown(let type):
            return type.contains(" by ")
                ? "reach it by an address that means the same server on both hosts "
                    + "(virsh edit \(name))"
                : "put it in a netfs pool of both hosts"
        case .renamed(let here, let there): return rename(there, to: here)
        case .noPlace(let pool, let instead?): return rename(instead, to: pool)
        case .noPlace(_, nil):
            return "define a pool of that name and path on \(target) (virsh pool-define)"
        case .inactive, .otherSpelling, .outdated, .apart: return "kvmbalance hosts check"
        }
    }

    // MARK: Remedies

    /// libvirt refuses `--live` for a domain that is off, and `--config` for one without a
    /// definition.
    private var flags: String {
        (domain.state.isActive ? " --live" : "") + (domain.isPersistent ? " --config" : "")
    }

    private var name: String { domain.name.quotedForShell }

    /// What gets a medium or a disk that is only read out of the way.
    private var removal: String? {
        if isMedium {
            return "eject it (virsh change-media \(name) \(disk.target) --eject\(flags))"
        }
        guard disk.isReadOnly, disk.overlay == nil else { return nil }
        return "detach it (virsh detach-disk \(name) \(disk.target)\(flags))"
    }

    /// libvirt refuses a second pool of a name, and one of another's storage.
    private func rename(_ pool: StoragePool, to other: StoragePool) -> String {
        let (own, wanted) = (pool.name.quotedForShell, other.name.quotedForShell)
        let path = other.targetPath ?? "?"
        return pool.name == other.name
            ? "give the pool the path \(path) on \(target) (virsh pool-edit \(wanted), "
                + "pool-destroy, pool-start), if nothing there uses it"
            : "call it '\(other.name)' on \(target) too, if nothing there uses it: virsh "
                + "pool-dumpxml \(own) > pool.xml, virsh pool-destroy \(own), virsh pool-undefine "
                + "\(own), write the name and the path \(path) into pool.xml, virsh pool-define "
                + "pool.xml, virsh pool-start \(wanted)"
    }

    private func start(_ pool: String, on host: HostName) -> String {
        let pool = pool.quotedForShell
        return "on \(host): virsh pool-start \(pool) (and virsh pool-autostart \(pool))"
    }

    private func absent(_ pool: StoragePool) -> String {
        let name = pool.name.quotedForShell
        return "on \(target): virsh pool-start \(name); if it is not in 'virsh pool-list --all', "
            + "define it there as it is on \(source) (virsh pool-dumpxml \(name))"
    }

    private func spelling(of pool: StoragePool) -> String {
        let edit = "(virsh pool-edit \(pool.name.quotedForShell))"
        guard let path = pool.targetPath, pool.type == "netfs" else {
            return "if it is the same, write at least one of its servers alike in both pools "
                + edit
        }
        return "kvmbalance hosts check, which finds out whether it is; or write the server alike "
            + "in both pools \(edit), or declare it (sharedStorage: [{path: \(path)}])"
    }

    private func local(_ pool: StoragePool) -> String {
        let declare = "declare the path under sharedStorage if it is shared after all"
        if isOverBase {
            return "allow copying the layer above the base image (--copy-storage-inc), with the "
                + "base on both hosts, or merge both into one image (virsh blockpull, and qemu-img "
                + "rebase -b '' for a domain that does not run)"
        }
        guard isCopyable else {
            return "move it to shared storage (virsh blockcopy), or \(declare)"
        }
        guard let place = DomainProfile.StorageNeed.Place(disk.source),
            StorageReach.holdsVolume(pool, place)
        else { return uncopied(pool) + declare }
        guard misfit.copying == .nothing else {
            return "allow copying all of it (--copy-storage-all)"
        }
        return "allow its disks to be copied (--copy-storage-all), move them to shared storage "
            + "(virsh blockcopy), or \(declare)"
    }

    /// Nothing else is copied than files that lie in the folder of a pool.
    private func uncopied(_ pool: StoragePool) -> String {
        guard case .file(let path) = disk.source, ["dir", "fs"].contains(pool.type) else {
            return "move it to shared storage (virsh blockcopy), since no volumes of a pool of "
                + "type \(pool.type) are copied, or "
        }
        let folder = DiskImage.folder(of: path).quotedForShell
        return "define a pool for its folder on both hosts (virsh pool-define-as NAME dir --target "
            + "\(folder)) and allow disks to be copied (--copy-storage-all), move it to shared "
            + "storage (virsh blockcopy), or "
    }

    private var own: String {
        guard let place, !isBlock else { return "attach the same device to \(target)" }
        let folder = DiskImage.folder(of: place).quotedForShell
        return
            "mount the same storage at \(folder) on both hosts; or define a pool over it on both "
            + "(virsh pool-define-as NAME dir --target \(folder)) and allow disks to be copied "
            + "(--copy-storage-all)"
    }

    private var uncovered: String {
        guard let place, case .block = disk.source else {
            let folder = place.map(DiskImage.folder(of:)) ?? "/"
            return "kvmbalance hosts check, which finds out whether it is; or declare it "
                + "(sharedStorage: [{path: \(folder)}])"
        }
        if let device = ISCSIDevice(place) {
            return "define and start an iscsi pool for \(device.target) at \(device.portal) on "
                + "both hosts, or declare the device (sharedStorage: [{path: \(place)}])"
        }
        return "kvmbalance hosts check, which compares devices that have a world-wide name; or "
            + "declare it if both hosts have it (sharedStorage: [{path: \(place)}])"
    }
}
