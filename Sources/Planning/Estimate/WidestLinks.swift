import ClusterModel

/// For each host what a migration that leaves it alone gets at best, over the widest link that
/// leads from there. Each is looked for when it is first asked for: O(hosts).
struct WidestLinks {
    /// Bytes a second, at first and with the options' limit raised.
    struct Link {
        var first: Int64
        var widest: Int64
        var fit: TransferFit
    }

    private let hosts: [Host]
    private let options: MigrationOptions
    private let fleet: TransferFit
    private let fits: [HostName: [HostName: TransferFit]]
    private let contents: [DomainID: Bytes]
    /// nil for a host that no link leads from.
    private var known: [HostName: Link?] = [:]

    init(_ snapshot: ClusterSnapshot, _ options: MigrationOptions) {
        let calibration = snapshot.calibration ?? TransferCalibration()
        hosts = snapshot.hosts
        self.options = options
        fleet = calibration.fleet
        fits = Dictionary(grouping: calibration.pairs, by: \.source).mapValues { pairs in
            Dictionary(pairs.map { ($0.target, $0.fit) }, uniquingKeysWith: { first, _ in first })
        }
        contents = Dictionary(
            calibration.contents.map { ($0.domain, $0.memory) }, uniquingKeysWith: { $1 })
    }

    mutating func link(from host: HostName) -> Link? {
        if let link = known[host] { return link }
        let link = widest(from: host)
        known[host] = .some(link)
        return link
    }

    /// What the first pass over the domain's memory has to send.
    func memoryToSend(of domain: Domain) -> Bytes {
        domain.memoryToSend(lately: contents[domain.id])
    }

    private func widest(from name: HostName) -> Link? {
        guard let source = hosts.first(where: { $0.name == name }) else { return nil }
        let own = fits[name] ?? [:]
        return hosts.filter { $0.name != name && $0.isReachable }.map { target in
            let fit = own[target.name] ?? fleet
            let speed =
                ScheduleSimulation.bytesPerSecond(min(source.linkMbps, target.linkMbps))
                * Double(fit.efficiencyPermille) / 1000
            return Link(
                first: Int64(ScheduleSimulation.rate(of: speed, limit: options.bandwidth)),
                widest: Int64(ScheduleSimulation.rate(of: speed, limit: options.widestBandwidth)),
                fit: fit)
        }.max { $0.widest < $1.widest }
    }
}
