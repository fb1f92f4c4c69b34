package import ClusterModel
package import PlacementPolicy

/// What storage says of a guest's way to another host, for whoever makes no plan: `hosts check`
/// shows what a plan would.
package enum StorageReport {
    /// nil where its storage is the same there, or a host was never read. What could be copied
    /// counts as another.
    package static func blocker(
        of domain: DomainFacts, from source: Host, to target: Host, under policy: Policy
    ) -> Blocker? {
        guard let from = HostProfile(source, under: policy),
            let to = HostProfile(target, under: policy)
        else { return nil }
        let paths = domain.disks.compactMap { disk -> String? in
            switch disk.source {
            case .file(let path), .block(let path): path
            case .none, .volume, .network, .other: nil
            }
        }
        let profile = DomainProfile(
            domain, under: policy, fewestCPUs: Int.max, singular: Set(paths))
        guard let misfit = StorageReach.misfit(profile, from: from, to: to) else { return nil }
        let words = misfit.storage.flatMap {
            StorageWords($0, of: domain, from: source.name, to: target.name)
        }
        return Blocker(
            domain: domain.name, host: target.name, reason: misfit.reason,
            detail: words?.detail ?? misfit.detail, remedy: words?.remedy ?? misfit.remedy)
    }
}
