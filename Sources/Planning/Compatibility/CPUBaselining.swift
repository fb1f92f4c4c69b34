import ClusterModel
import PlacementPolicy

/// What CPUs all hosts have in common, and which guests stand in the way of moving anywhere: by the
/// same comparison (`CPUFit`) that plans go by.
struct CPUBaselining {
    private let snapshot: ClusterSnapshot
    private let hosts: [(name: HostName, facts: HostFacts)]
    private let profiles: [HostName: HostProfile]

    init(_ snapshot: ClusterSnapshot, under policy: Policy) {
        self.snapshot = snapshot
        let answering = snapshot.hosts.filter(\.isReachable)
        hosts = answering.compactMap { host in host.facts.map { (host.name, $0) } }
        let wanted = HostNetworks.Wanted(of: [], policy: [])
        profiles = Dictionary(
            firstOf: answering.compactMap { host in
                HostProfile(host, under: policy, wanted: wanted, widest: 0).map { (host.name, $0) }
            })
    }

    func result() -> CPUBaseline {
        let (guests, count) = guests()
        let kind = virtualization
        return CPUBaseline(
            virtualization: kind,
            hosts: hosts.map {
                CPUBaseline.Host(
                    name: $0.name, model: $0.facts.cpu.model, vendor: $0.facts.cpu.vendor)
            }.sorted { $0.name < $1.name },
            unreachable: snapshot.hosts.filter { !$0.isReachable }.map(\.name).sorted(),
            models: models(kind), guests: guests, guestsInAll: count)
    }

    private var virtualization: String {
        let isEverywhere = hosts.allSatisfy { host in
            host.facts.guestSupport.contains { $0.virtualization == "kvm" }
        }
        return isEverywhere ? "kvm" : "qemu"
    }

    /// A host that does not tell its models has none to offer.
    private func models(_ virtualization: String) -> [String] {
        let offers = hosts.map { host in
            Set(
                host.facts.guestSupport.first {
                    $0.virtualization == virtualization
                        && $0.architecture == host.facts.cpu.architecture
                }?.usableCPUModels ?? [])
        }
        guard var common = offers.first else { return [] }
        for offer in offers.dropFirst() { common.formIntersection(offer) }
        func features(_ model: String) -> Int { CPUModelTable.features(of: model)?.count ?? -1 }
        return common.sorted { (features($1), $0) < (features($0), $1) }
    }

    private func guests() -> ([CPUBaseline.Guest], count: Int) {
        // Hosts that are alike are asked once.
        var alike: [HostProfile: [HostName]] = [:]
        for host in hosts {
            if let profile = profiles[host.name] { alike[profile, default: []].append(host.name) }
        }
        let running = snapshot.domains.filter {
            $0.facts.state.isActive && profiles[$0.host] != nil
        }
        let found = running.compactMap { domain -> CPUBaseline.Guest? in
            guard let source = profiles[domain.host] else { return nil }
            var lacks: [String: [HostName]] = [:]
            for (target, names) in alike {
                let others = names.filter { $0 != domain.host }
                guard !others.isEmpty,
                    let misfit = CPUFit.misfit(domain.facts.guest, source, target)
                else { continue }
                lacks[misfit.detail, default: []] += others
            }
            guard !lacks.isEmpty else { return nil }
            return CPUBaseline.Guest(
                name: domain.name, host: domain.host, cpu: domain.facts.guest.cpu,
                lacks: lacks.map { CPUBaseline.Lack(hosts: $0.value.sorted(), detail: $0.key) }
                    .sorted { ($0.hosts[0], $0.detail) < ($1.hosts[0], $1.detail) })
        }
        return (found.sorted { ($0.host, $0.name) < ($1.host, $1.name) }, running.count)
    }
}
