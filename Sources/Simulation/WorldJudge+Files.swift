package import ClusterModel

/// What the judge says of data: no guest loses what it wrote, and nobody's file is touched but
/// ours.
extension WorldJudge {
    /// A disk of a domain.
    private struct Data: Hashable {
        var domain: DomainID
        var disk: String
    }

    /// Looks at the files on all hosts, whoever says what of them.
    func fileFaults(in world: SimulatedWorld) -> [String] {
        guard let truth = world.truth else { return [] }
        var faults: [String] = []
        let whole = newestWhole(in: world)
        for (domain, name) in followed {
            guard let data = truth.newest[domain.rawValue] else { continue }
            for (disk, newest) in data {
                let best = whole[Data(domain: domain, disk: disk)]
                guard (best ?? -1) < newest, world.hasOneTruth(domain) else { continue }
                let rest = best.map { "version \($0) is the newest" } ?? "nothing is"
                faults.append("\(name) has lost its \(disk): \(rest) that is left of \(newest)")
            }
        }
        for host in world.hosts where !host.isLost {
            for copy in host.domains where copy.presence == .running && copy.holdsGuest {
                guard let wrong = wrongFile(of: copy.id, on: host, truth),
                    world.hasOneTruth(copy.id)
                else { continue }
                faults.append("\(copy.facts.name) \(wrong)")
            }
        }
        return (faults + lostStrangers(truth, in: world)).sorted()
    }

    /// The newest version of everything that is whole on a host that has not gone for good.
    private func newestWhole(in world: SimulatedWorld) -> [Data: Int64] {
        var newest: [Data: Int64] = [:]
        for host in world.hosts where !host.isGone {
            for file in (host.files ?? [:]).values where file.isWhole {
                guard let content = file.content else { continue }
                let data = Data(domain: content.domain, disk: content.disk)
                newest[data] = max(newest[data] ?? 0, content.version)
            }
        }
        return newest
    }

    /// A guest that runs does so from its newest data.
    private func wrongFile(
        of domain: DomainID, on host: SimulatedHost, _ truth: WorldTruth
    ) -> String? {
        guard let paths = truth.paths[domain.rawValue], !paths.isEmpty else { return nil }
        let newest = truth.newest[domain.rawValue] ?? [:]
        let wrong = paths.filter { disk, path in
            guard let file = host.file(path), file.isWhole, let content = file.content
            else { return true }
            return content.version != newest[disk] || !file.holds(domain, disk)
        }
        guard !wrong.isEmpty else { return nil }
        let list = wrong.sorted { $0.key < $1.key }.map { "\($0.key) at \($0.value)" }
        return "runs on \(host.name) and its \(list.joined(separator: ", ")) is not its newest"
    }

    private func lostStrangers(_ truth: WorldTruth, in world: SimulatedWorld) -> [String] {
        truth.strangers.compactMap { place in
            guard let host = world.host(place.host), !host.isGone,
                host.file(place.path)?.maker != .stranger
            else { return nil }
            return "\(place.path) on \(place.host) was somebody's and is not there any more"
        }
    }

    /// Guests that ran when the run began and run nowhere, for no reason but ours: each must be
    /// named by whoever ends the run.
    package func guestsDown(in world: SimulatedWorld) -> [(name: String, id: DomainID)] {
        active.filter { guest in
            !world.hosts.contains { !$0.isLost && $0.domain(guest.id)?.holdsGuest == true }
                && world.fates(of: guest.id).isEmpty
        }
    }

    /// Files that were made for a step, or that a guest has left, and that lie where no domain uses
    /// them: copies that nobody removed, and originals. libvirt's own leavings are nobody's to
    /// name.
    package func leftFiles(in world: SimulatedWorld) -> [LeftFile] {
        world.leftFiles.filter { file in
            guard file.maker == .domain else { return file.maker == .keeper }
            return file.content?.disk != DiskImage.firmware && file.content?.disk != DiskImage.tpm
        }
    }
}
