package import ClusterModel
package import HypervisorInterface

/// What an image keeper can ask for, refused as libvirt's storage driver and the reader of images
/// refuse.
extension SimulatedWorld {
    package func images(
        of domain: DomainID, disks: [String], layer: Bool, firmware: Bool, on name: HostName,
        with mistake: SimulatedMistake? = nil
    ) throws(HypervisorError) -> [DiskImage] {
        let what = "read images"
        let copy = try known(domain, on: name, operation: what)
        guard let host = host(name) else { return [] }
        if firmware, mistake != .takesWhatIsLost,
            let loss = copy.guest?.coldLosses(of: copy.facts.name).first
        {
            throw refusal(.failed, 1, what, domain, name, loss.detail)
        }
        guard !layer else {
            throw refusal(
                .failed, 1, what, domain, name,
                "its disks have no base image, above which they could be copied")
        }
        var images: [DiskImage] = []
        for disk in disks {
            guard let found = copy.facts.disks.first(where: { $0.target == disk }) else {
                throw refusal(.failed, 1, what, domain, name, "it no longer has a disk \(disk)")
            }
            guard let path = host.path(of: found), let pool = host.pool(holding: path),
                let file = host.file(path)
            else {
                throw refusal(
                    .failed, 1, what, domain, name,
                    "no active pool of its host knows the image of disk \(disk)")
            }
            images.append(image(disk, at: path, file, pool.name, capacity: found.capacity))
        }
        guard firmware else { return images }
        return images + (try firmwareImages(of: copy, on: host, with: mistake))
    }

    private func firmwareImages(
        of copy: SimulatedDomain, on host: SimulatedHost, with mistake: SimulatedMistake?
    ) throws(HypervisorError) -> [DiskImage] {
        var images: [DiskImage] = []
        for (disk, path) in host.ownFiles(of: copy)
        where disk == DiskImage.firmware || disk == DiskImage.tpm {
            // There is no file that could be read.
            if disk == DiskImage.firmware, copy.guest?.firmware?.form == .block { continue }
            guard path.hasPrefix("/var/lib/libvirt/") || host.pool(holding: path) != nil else {
                throw refusal(
                    .failed, 1, "read images", copy.id, host.name,
                    "\(disk) at \(path) is neither below /var/lib/libvirt nor in an active pool")
            }
            if let file = host.file(path) {
                images.append(image(disk, at: path, file, nil, capacity: nil))
            } else if copy.isActive {
                throw refusal(
                    .failed, 1, "read images", copy.id, host.name,
                    "\(disk) is not at \(path), where its definition has it")
            }
        }
        return images
    }

    private func image(
        _ disk: String, at path: String, _ file: SimulatedFile, _ pool: String?, capacity: Bytes?
    ) -> DiskImage {
        let folder = DiskImage.folder(of: path)
        return DiskImage(
            disk: disk, path: path, pool: pool, volume: String(path.dropFirst(folder.count + 1)),
            format: pool == nil ? "raw" : "qcow2", capacity: capacity ?? file.length,
            length: file.length, allocation: file.length)
    }

    package func admit(
        _ images: [DiskImage], isVerbatim: Bool, on name: HostName,
        with mistake: SimulatedMistake? = nil
    ) throws(HypervisorError) {
        let what = "check free space"
        try reach(name, operation: what)
        guard let host = host(name) else { return }
        var wanted: [String: Int64] = [:]
        for image in images {
            let pool = host.pool(holding: image.path)
            if let name = image.pool, pool?.name != name {
                throw failure(
                    what, name: host.name,
                    "\(image.folder) is pool '\(pool?.name ?? "none")' here and '\(name)' on the "
                        + "source")
            }
            guard host.file(image.path) == nil || mistake == .takesPlacesOnTrust else {
                throw failure(
                    what, name: host.name,
                    "\(image.path) already exists here, and a copy would overwrite it")
            }
            guard isVerbatim || ["raw", "qcow2"].contains(image.format) else {
                throw failure(
                    what, name: host.name, "a disk of format \(image.format) is not copied live")
            }
            guard let pool, let free = pool.available else { continue }
            wanted[pool.name, default: 0] += image.allocation.count
            let used = host.used(of: pool)
            if free.count - used.count < wanted[pool.name] ?? 0 {
                throw failure(
                    what, name: host.name,
                    "pool '\(pool.name)' has \(free - used) left where \(image.path) and what goes "
                        + "with it take \(Bytes(wanted[pool.name] ?? 0))")
            }
        }
    }

    /// A new empty image, or an error: what lies in its place is somebody else's.
    package mutating func makeImage(
        _ image: DiskImage, on name: HostName, with mistake: SimulatedMistake? = nil
    ) throws(HypervisorError) {
        let what = "make images"
        try reach(name, operation: what)
        guard let index = index(of: name) else { return }
        if let there = hosts[index].file(image.path) {
            guard mistake == .takesPlacesOnTrust else {
                throw failure(
                    what, name: name,
                    "\(image.path) has appeared on the target meanwhile; it was left alone")
            }
            if there.maker == .stranger {
                violations.append("wrote over \(image.path) on \(name), which is not ours")
                forgetStranger(at: image.path, on: name)
            }
        }
        var file = SimulatedFile(
            maker: .keeper, content: nil, length: image.length, madeAt: now)
        file.isWhole = false
        file.durableFrom = now.advanced(byMilliseconds: span(Self.writebackMilliseconds))
        hosts[index].put(file, at: image.path)
    }

    /// Removes files that are the caller's own, unless a domain of this host has to do with one.
    package mutating func removeImages(
        _ images: [DiskImage], on name: HostName, with mistake: SimulatedMistake? = nil
    ) throws(HypervisorError) {
        let what = "remove images"
        try reach(name, operation: what)
        guard let index = index(of: name) else { return }
        for image in images {
            let user = hosts[index].domains.first { copy in
                hosts[index].ownFiles(of: copy).contains { $0.path == image.path }
            }
            if let user, mistake != .removesWhatIsUsed {
                throw failure(
                    what, name: name,
                    "domain '\(user.facts.name)' here uses \(image.path): it is not removed")
            }
            if hosts[index].file(image.path)?.maker == .stranger {
                violations.append("removed \(image.path) from \(name), which is not ours")
                forgetStranger(at: image.path, on: name)
            }
            hosts[index].files?[image.path] = nil
        }
    }

    // MARK: What proves that nothing is lost

    package func stamps(
        of images: [DiskImage], on name: HostName
    ) throws(HypervisorError) -> [String: String] {
        try reach(name, operation: "look at images")
        guard let host = host(name) else { return [:] }
        return Dictionary(
            firstOf: images.compactMap { image in
                host.file(image.path).map { file in
                    (image.path, "made at \(file.madeAt), version \(file.content?.version ?? 0)")
                }
            })
    }

    package func differing(
        _ images: [DiskImage], from source: HostName, on target: HostName
    ) throws(HypervisorError) -> [DiskImage] {
        try reach(source, operation: "compare images")
        try reach(target, operation: "compare images")
        return images.filter { image in
            guard let here = host(source)?.file(image.path),
                let there = host(target)?.file(image.path)
            else { return true }
            return here.content != there.content || !here.isWhole || !there.isWhole
        }
    }

    package func unflushed(
        _ images: [DiskImage], of domain: DomainID, on name: HostName
    ) throws(HypervisorError) -> [DiskImage] {
        _ = try active(domain, on: name, operation: "read flushes")
        return images.filter { host(name)?.file($0.path)?.isDurable(at: now) != true }
    }

    func failure(
        _ operation: String, name: HostName, _ message: String
    ) -> HypervisorError {
        HypervisorError(
            kind: .failed, operation: operation, host: name, message: message)
    }
}

extension SimulatedHost {
    /// What lies in a pool since the world began to follow files: `available` is what was free
    /// before.
    func used(of pool: StoragePool) -> Bytes {
        guard let folder = pool.targetPath else { return .zero }
        return (files ?? [:]).reduce(into: .zero) { sum, entry in
            let isNew = entry.value.maker == .keeper || entry.value.maker == .libvirt
            if isNew, entry.key.hasPrefix(folder + "/") { sum += entry.value.length }
        }
    }
}

/// A deliberate bug of an image keeper, for tests of the rules.
package enum SimulatedMistake: String, Hashable, Codable, Sendable, CaseIterable {
    /// Takes domains on a cold move whose UEFI variables would be lost by it.
    case takesWhatIsLost
    /// Makes images where something lies.
    case takesPlacesOnTrust
    /// Removes what a domain of the host uses.
    case removesWhatIsUsed
    /// Makes images and tells nobody.
    case tellsOfNothing
    /// Starts a guest whose firmware or TPM has no file here.
    case startsWithFreshState
}
