package import ClusterModel

/// What the judge says of data: no guest loses what it wrote, and nobody's file is touched but ours.
extension WorldJudge {
    /// Looks at the files on all hosts, whoever says what of them.
    func fileFaults(in world: SimulatedWorld) -> [String] {
        guard let truth = world.truth else { return [] }
        var faults = lostStrangers(truth, in: world)
        for (domain, name) in followed where world.follows(domain) {
            let fates = world.fates(of: domain)
            // Two guests wrote, or half of one is elsewhere: there is no newest version.
            if fates.contains(.splitBrain) || fates.contains(.cutInTwo) { continue }
            for (disk, newest) in (truth.newest[domain.rawValue] ?? [:]).sorted(by: <) {
                if let fault = lost(disk, of: domain, newest, in: world) {
                    faults.append("\(name) \(fault)")
                }
            }
            for host in world.hosts where !host.isLost {
                if let fault = wrongFile(of: domain, on: host, truth) {
                    faults.append("\(name) \(fault)")
                }
            }
        }
        return faults
    }

    /// Every guest's data are whole and newest on one host at least.
    private func lost(
        _ disk: String, of domain: DomainID, _ newest: Int64, in world: SimulatedWorld
    ) -> String? {
        let best = world.best(domain, disk)
        guard (best ?? -1) < newest else { return nil }
        let rest = best.map { "version \($0) is the newest" } ?? "nothing is"
        return "has lost its \(disk): \(rest) that is left of \(newest)"
    }

    /// A guest that runs does so from its newest data.
    private func wrongFile(
        of domain: DomainID, on host: SimulatedHost, _ truth: WorldTruth
    ) -> String? {
        guard let copy = host.domain(domain), copy.presence == .running, copy.holdsGuest
        else { return nil }
        for (disk, path) in host.ownFiles(of: copy) {
            guard let newest = truth.newest[domain.rawValue]?[disk] else { continue }
            guard let file = host.file(path), file.holds(domain, disk), file.isWhole,
                file.content?.version == newest
            else { return "runs on \(host.name) and its \(disk) at \(path) is not its newest" }
        }
        return nil
    }

    private func lostStrangers(_ truth: WorldTruth, in world: SimulatedWorld) -> [String] {
        truth.strangers.compactMap { place in
            guard let host = world.host(place.host), !host.isGone,
                host.file(place.path)?.maker != .stranger
            else { return nil }
            return "\(place.path) on \(place.host) was somebody's and is not there any more"
        }
    }

    /// Guests that ran when the run began and run nowhere, for no reason but ours: each must be named
    /// by whoever ends the run.
    package func guestsDown(in world: SimulatedWorld) -> [(name: String, id: DomainID)] {
        active.filter { guest in
            !world.hosts.contains { !$0.isLost && $0.domain(guest.id)?.holdsGuest == true }
                && world.fates(of: guest.id).isEmpty
        }
    }

    /// Files that were made for a step, or that a guest has left, and that lie where no domain uses them:
    /// copies that nobody removed, and originals. libvirt's own leavings are nobody's to name.
    package func leftFiles(in world: SimulatedWorld) -> [LeftFile] {
        world.leftFiles.filter { file in
            guard file.maker == .domain else { return file.maker == .keeper }
            return file.content?.disk != DiskImage.firmware && file.content?.disk != DiskImage.tpm
        }
    }
}
